#pragma once
// What stands in a section's marker line. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

struct Marker {
  bool is_upgrade = true;
  SectionOptions options;
};

// A duration as PostgreSQL's settings take it: 0, 500ms, 1.5s, 5min. Without unit: milliseconds.
bool is_duration(std::string_view value);

// "-- upgrade" and "-- downgrade", alone or with options (key:value words and `irreversible`);
// nullopt for any other comment, also for "-- upgrade the users table". Throws Error{input} at
// `where` for an unknown or malformed option, and for what is a marker but for its spelling
// ("--downgrade", "-- Upgrade:"): read as a comment it would let the wrong section run.
std::optional<Marker> read_marker(std::string_view comment, const std::string& where);

// Whether the comment's first word is "upgrade" (true) or "downgrade" (false), however it is
// written and whatever follows: a marker, a misspelt one, or prose.
std::optional<bool> names_upgrade(std::string_view comment);

// Refuses a comment that is nearly a section's marker, always by Error{input} at `where`.
[[noreturn]] void refuse_near_marker(std::string_view comment, bool is_upgrade,
                                     const std::string& where);

// The marker line, without its line end.
std::string render_marker(const Marker& marker);

}  // namespace pgseed::migrate
