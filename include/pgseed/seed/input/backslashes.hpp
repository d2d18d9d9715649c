#pragma once
// Backslashes in a file that is read as PostgreSQL's only because nothing in it speaks for any
// dialect. To PostgreSQL they are text, to MySQL escapes: a wrong guess corrupts every formula.
#include <string>

#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

class Backslashes {
 public:
  // dialect: the user's word; anything but "auto" decides.
  Backslashes(const DumpInput& input, const std::string& dialect);

  // The reader's next piece, looked at. An error where MySQL's \' may be the cause says so.
  sql::Piece next(sql::DumpReader& reader);

  // Throws Error{input} if a string so far looks like one of MySQL's, \" for every quote in it, and
  // nothing so far decides.
  void require_decided() const;
  // True if there were backslashes and nothing decided what they are.
  bool taken_as_text() const { return watching_ && met_; }

 private:
  void look_at_row(const sql::DumpReader& reader);

  bool watching_;
  bool met_ = false;
  std::string where_;  // of the first such string
};

}  // namespace pgseed::seed
