#pragma once
// The file of --map, TOML or JSON (README, "Mapping"), version 1 -> Mapping.
#include <chrono>
#include <string>
#include <string_view>

#include "pgseed/seed/input/mapping.hpp"

namespace pgseed::seed {

// JSON by the name (.json) or by its first character {, else TOML. Throws Error{usage} with
// path:line:column for broken text, unknown names, wrong types and rules that contradict each
// other.
Mapping parse_mapping(std::string_view content, const std::string& path);

// Reads the file; sets the time of the run. Throws Error{usage} also for one that cannot be read.
Mapping read_mapping_file(const std::string& path, std::chrono::system_clock::time_point now);

}  // namespace pgseed::seed
