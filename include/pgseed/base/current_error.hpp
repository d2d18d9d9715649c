#pragma once
#include "pgseed/base/error.hpp"

namespace pgseed {

// For a handler: what it handles as an Error. Memory, threads and the like that the system does not
// give are {storage}; what is no std::exception (a stop request) is thrown on.
Error current_error();

}  // namespace pgseed
