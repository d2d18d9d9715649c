#pragma once
// A seeding run as one HTML page for people: readable on a phone, in the dark and on paper, without
// scripts, without the network, and without values of rows.
#include <chrono>
#include <string>

#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::cli {

struct PageFacts {
  std::chrono::system_clock::time_point ended;
  std::string version;
  bool with_values = false;  // --log-values: messages that may quote rows, as they are
};

// The whole page. Well-formed XML as well as HTML; names and messages cannot break out of it.
std::string html_report(const seed::Options& options, const seed::Report& report,
                        const PageFacts& facts);

// The style sheet of the page.
const char* html_style();

}  // namespace pgseed::cli
