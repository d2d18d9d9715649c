#include "pgseed/base/descriptors.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/cli/commands.hpp"

int main(int argc, char** argv) {
  pgseed::hold_standard_descriptors();  // before anything is opened
  pgseed::interrupt::install();
  return pgseed::cli::run_program(argc, argv);
}
