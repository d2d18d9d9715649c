#pragma once
// A run over time, as figures of an HTML page: drawings in SVG that stretch with the page, words
// and numbers beside them in HTML, so that they keep their size on every screen.
#include <string>

#include "pgseed/seed/timeline.hpp"

namespace pgseed::cli {

// Phases, throughput, answer times, requests at a time, and what went wrong, over one time axis of
// `seconds`. Empty if hardly anything was sent: there is nothing to see.
std::string time_charts(const seed::Timeline& timeline, double seconds);

// "busy", ... as a class of the style sheet; what it means, in words.
const char* trouble_style(seed::Trouble kind);
const char* trouble_words(seed::Trouble kind);

}  // namespace pgseed::cli
