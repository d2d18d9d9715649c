#pragma once
// What compares the rows of files with a target, by whichever connection.
#include <cstddef>
#include <string>
#include <vector>

#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/verify/verify.hpp"

namespace pgseed::seed {

// Takes the rows of the files, pass by pass as they are loaded, and tells at the end how they
// compare. Rows are numbered from 0 in the order they come.
class Verifier : public RowTaker {
 public:
  // The files of the run by their number, for messages.
  virtual void begin(const std::vector<std::string>& files) = 0;
  virtual void begin_file(std::size_t file) = 0;
  virtual void finish(VerifyReport& report) = 0;
};

}  // namespace pgseed::seed
