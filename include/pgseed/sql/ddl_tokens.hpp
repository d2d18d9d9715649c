#pragma once
// A statement of MySQL or SQLite as tokens. DDL is short and needs to be looked at from several
// sides, so that this costs an allocation for each token, which the readers of rows must not.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/mysql_cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

struct DdlToken {
  enum class Kind { word, quoted, string, bytes, bits, number, symbol, end };
  Kind kind = Kind::end;
  std::string text;  // a name or word as written, a string's value, bytes, digits 0 and 1
  char quote = 0;    // of a quoted name: SQLite takes "x" for a string where no column is called so
  std::uint64_t line = 0;

  bool is_word(std::string_view upper_case_word) const;
  bool is_symbol(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
  bool is_name() const { return kind == Kind::word || kind == Kind::quoted; }
};
using DdlTokens = std::vector<DdlToken>;

// Thrown for a statement that is not understood.
struct DdlProblem {
  std::uint64_t line = 0;
  std::string message;
};

// line: of the statement's beginning in its file. Throws DdlProblem.
DdlTokens mysql_tokens(std::string_view statement, const MysqlMode& mode, std::uint64_t line);
DdlTokens sqlite_tokens(std::string_view statement, std::uint64_t line);

// Walks along tokens; at their end stands one of the kind end, for ever.
class DdlWalk {
 public:
  // The tokens must outlive this.
  explicit DdlWalk(const DdlTokens& tokens) : tokens_(tokens) {}

  const DdlToken& peek(std::size_t ahead = 0) const;
  std::uint64_t line() const { return peek().line; }
  bool at_end() const { return position_ >= tokens_.size(); }
  void skip() { position_ += at_end() ? 0 : 1; }
  bool at_word(std::string_view upper_case_word) const { return peek().is_word(upper_case_word); }
  bool accept_word(std::string_view upper_case_word);
  bool accept_symbol(std::string_view symbol);
  void require_symbol(std::string_view symbol, const char* context);
  // A word, a quoted name, or a string where SQLite takes it for a name. Throws DdlProblem.
  std::string read_name(const char* what);
  QualifiedName read_qualified_name();
  // Any token but the end, as text; bytes are none, so that theirs is empty.
  std::string read_text();
  // What stands here, for messages.
  std::string shown() const;
  // At a parenthesis: moves behind the one that closes it and returns what stands between.
  DdlTokens read_parentheses();
  // Moves to the comma or closing parenthesis that ends this item, or to the end.
  void skip_item();
  // IF EXISTS, IF NOT EXISTS
  void skip_if_exists();

 private:
  const DdlTokens& tokens_;
  std::size_t position_ = 0;
};

// The tokens as one line of text, for messages.
std::string to_text(const DdlTokens& tokens);

}  // namespace pgseed::sql
