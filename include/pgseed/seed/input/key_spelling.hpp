#pragma once
// Which texts of a column's type are one value to the server: rows are told apart by their keys as
// the file spells them.
#include <cstdint>
#include <string>

namespace pgseed::seed {

// What is known of the spellings of a type's values.
enum class Spelling : std::uint8_t {
  many,     // citext, floats, times, any type that is not known: only the server can tell
  one,      // text: other bytes are another value
  varying,  // varchar, which may lose blanks at its end
  padded,   // char: blanks at its end mean nothing
  integer,
  numeric,
  boolean,
  date,
  uuid,
  bytes,
};

// type: as format_type() prints it; empty: not known.
Spelling spelling_of(const std::string& type);

// Gives the text of a value the spelling that all its others become as well. False where there may
// be others that do not: then two texts that differ may be one value. Two that end up equal always
// are.
bool respell(Spelling spelling, std::string& text);

}  // namespace pgseed::seed
