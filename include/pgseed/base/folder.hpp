#pragma once
#include <string>
#include <vector>

namespace pgseed {

// The names in a folder, in no order, without "." and "..". Throws std::system_error where it
// cannot be read. std::filesystem's iterator would end the process where memory is short: it
// allocates in a function that is noexcept.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace pgseed
