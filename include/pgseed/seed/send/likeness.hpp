#pragma once
// Does a table hold what a file says, by the two texts: how the file spells a value, and how the
// server prints the one that is stored. Pure.
#include <string>
#include <string_view>

#include "pgseed/seed/input/columns.hpp"

namespace pgseed::seed {

enum class Likeness {
  same,
  differs,
  ask,      // only the server can read the file's spelling; the type's = settles it
  unknown,  // not even that tells
};

struct Judgement {
  Likeness likeness = Likeness::same;
  const char* why = "";  // of unknown: what values those are
};

// said: as it is sent to the server. stored: the type's output. Numbers count by their value (1.10
// is 1.1), jsonb likewise, text and json to the byte, blank-padded text without its blanks.
Judgement judge(ColumnClass column, const std::string& type, std::string_view said,
                std::string_view stored);

// After the server's = has told the two apart: has the column perhaps rounded what was said? A
// precision of numbers and times is not told by PostgREST.
Judgement judge_unequal(ColumnClass column, const std::string& type, std::string_view said,
                        std::string_view stored);

// Can rows be looked for by such a value, so that what is found is stored like this, or nearly?
bool has_equality(ColumnClass column, const std::string& type);

// A form that two jsonb values have in common only if they are equal; empty for what is too deep or
// not JSON.
std::string canonical_json(std::string_view json);

}  // namespace pgseed::seed
