#include "pgseed/base/interrupt.hpp"
#include "pgseed/cli/commands.hpp"

int main(int argc, char** argv) {
  pgseed::interrupt::install();
  return pgseed::cli::run_program(argc, argv);
}
