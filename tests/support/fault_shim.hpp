#pragma once
// pgseed with single calls of the system failing: see preload/fault_shim.cpp.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "support/seeding.hpp"

namespace pgseed::test {

struct ShimFault {
  // ENOSPC, EIO, EROFS, EMFILE, EINTR; "brief": a write takes half; "memory": malloc gives nothing;
  // "new": operator new does; "clock": the wall clock jumps.
  std::string kind = {};
  long at = 0;            // the call that fails, from 1; 0: none, all are counted
  bool from = false;      // and all calls behind it
  std::string path = {};  // calls at files whose path holds this,
  int descriptor = -1;    // or at this descriptor
};

// A sanitizer has calls of its own in the same place.
inline bool has_shim() {
  const bool works = std::string(PGSEED_SANITIZERS).empty();
  if (!works) MESSAGE("built with a sanitizer: no calls of the system fail");
  return works;
}

// What the variables say, and where the shim says what came of it.
inline void add_fault(Environment& environment, const ShimFault& fault, const std::string& told) {
  environment["LD_PRELOAD"] = PGSEED_FAULT_SHIM;
  environment["PGSEED_FAULT"] = fault.kind;
  environment["PGSEED_FAULT_AT"] = std::to_string(fault.at);
  environment["PGSEED_FAULT_FROM"] = fault.from ? "1" : "0";
  environment["PGSEED_FAULT_PATH"] = fault.path;
  environment["PGSEED_FAULT_FD"] = std::to_string(fault.descriptor);
  environment["PGSEED_FAULT_TOLD"] = told;
}

// "write 7": the call that failed, or "calls 40": how many there were; empty if there was none.
inline std::string what_came(const std::string& told) {
  std::ifstream in(told);
  std::string line;
  std::getline(in, line);
  return line;
}

inline bool is_long_run() {
  const char* const set = std::getenv("PGSEED_LONG");
  return set != nullptr && *set == '1';
}

}  // namespace pgseed::test
