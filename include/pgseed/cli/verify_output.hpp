#pragma once
// What a comparison found, for people and as JSON.
#include <string>

#include "pgseed/cli/json_output.hpp"
#include "pgseed/seed/verify/verify.hpp"
#include "pgseed/seed/verify/verify_run.hpp"

namespace pgseed::cli {

// A line per table and one per listed difference.
std::string verify_text(const seed::VerifyReport& report);
// The member "verification" of an object.
void write_verification(JsonOutput& out, const seed::VerifyReport& report);
// The whole object of `pgseed verify`.
std::string verify_json(const seed::VerifyRun& run);

}  // namespace pgseed::cli
