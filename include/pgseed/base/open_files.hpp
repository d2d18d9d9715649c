#pragma once

namespace pgseed {

// Lets this process open as many files as the system allows it at most: what is allowed at first is
// for programs that use select(). Does nothing where that fails.
void allow_many_open_files();

}  // namespace pgseed
