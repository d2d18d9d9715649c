#include "pgseed/migrate/local_setting.hpp"

#include <array>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/cursor.hpp"

namespace pgseed::migrate {
namespace {

bool at_word(sql::Cursor cursor, std::string_view upper_case_word) {
  return sql::accept_word(cursor, upper_case_word);
}

std::string rest(sql::Cursor cursor) {
  sql::skip_blanks(cursor);
  return {cursor.position, cursor.end};
}

std::string set_local(sql::Cursor cursor, std::string_view statement) {
  if (at_word(cursor, "LOCAL") || at_word(cursor, "CONSTRAINTS") ||
      at_word(cursor, "TRANSACTION")) {
    return std::string(statement);
  }
  // In SET SESSION AUTHORIZATION and SET SESSION CHARACTERISTICS the word belongs to the name.
  sql::Cursor behind = cursor;
  if (sql::accept_word(behind, "SESSION") && !at_word(behind, "AUTHORIZATION") &&
      !at_word(behind, "CHARACTERISTICS")) {
    cursor = behind;
  }
  return "SET LOCAL " + rest(cursor);
}

std::string reset_local(sql::Cursor cursor, std::string_view statement) {
  if (at_word(cursor, "ALL") || at_word(cursor, "TRANSACTION")) return std::string(statement);
  // The names that are several words take no TO.
  const bool words = at_word(cursor, "TIME") || at_word(cursor, "SESSION");
  return text("SET LOCAL ", rest(cursor), words ? " DEFAULT" : " TO DEFAULT");
}

// Behind the ( of set_config: where its third argument stands; false if it has none.
bool find_third_argument(sql::Cursor& cursor, const char*& begin, const char*& end) {
  int depth = 0;
  int commas = 0;
  begin = nullptr;
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (depth == 0 && byte == ')') return begin != nullptr;
    if (byte == '(' || byte == '[') ++depth;
    if (byte == ')' || byte == ']') --depth;
    if (depth == 0 && byte == ',') {
      ++commas;
    } else if (commas == 2 && begin == nullptr) {
      begin = cursor.position;
    }
    sql::skip_token(cursor);
    end = cursor.position;
  }
  return false;
}

std::string select_local(sql::Cursor cursor, std::string_view statement) {
  std::string out;
  const char* copied = statement.data();
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    // What looks like a name may be the prefix of a string: those are skipped whole.
    sql::Cursor behind = cursor;
    sql::skip_token(behind);
    std::string name;
    sql::Cursor call = cursor;
    const bool is_call = cursor.peek() != '\'' && sql::read_identifier(call, name) &&
                         call.position == behind.position && name == "set_config" &&
                         sql::accept(call, '(');
    const char* begin = nullptr;
    const char* end = nullptr;
    if (is_call && find_third_argument(call, begin, end)) {
      out.append(copied, begin);
      out += "true";
      copied = end;
      cursor.position = end;
    } else {
      cursor = behind;
    }
  }
  out.append(copied, cursor.end);
  return out;
}

// Behind SET.
std::string undo_of_set(sql::Cursor cursor) {
  if (!sql::accept_word(cursor, "LOCAL")) sql::accept_word(cursor, "SESSION");
  if (sql::accept_word(cursor, "AUTHORIZATION")) return "RESET SESSION AUTHORIZATION";
  if (sql::accept_word(cursor, "CHARACTERISTICS")) {
    return "RESET default_transaction_isolation; RESET default_transaction_read_only; "
           "RESET default_transaction_deferrable";
  }
  struct Word {
    const char* word;
    const char* undo;
  };
  static constexpr std::array kWords = {Word{"CONSTRAINTS", ""},
                                        Word{"TRANSACTION", ""},
                                        Word{"NAMES", ""},
                                        Word{"SEED", ""},
                                        Word{"ROLE", "RESET ROLE"},
                                        Word{"TIME", "RESET TIME ZONE"},
                                        Word{"XML", "RESET xmloption"},
                                        Word{"SCHEMA", "RESET search_path"},
                                        Word{"CLIENT_ENCODING", ""}};
  for (const Word& known : kWords) {
    if (at_word(cursor, known.word)) return known.undo;
  }
  sql::skip_blanks(cursor);
  const char* const begin = cursor.position;
  const char* end = begin;
  for (; !cursor.at_end() && cursor.peek() != '=' && !at_word(cursor, "TO");
       sql::skip_blanks(cursor)) {
    sql::skip_token(cursor);
    end = cursor.position;
  }
  return "RESET " + std::string(begin, end);
}

std::string undo_of_select(sql::Cursor cursor) {
  std::string out;
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    const sql::Cursor call = cursor;
    sql::skip_token(cursor);
    std::string name;
    sql::Cursor inside = call;
    if (call.peek() == '\'' || !sql::read_identifier(inside, name) || name != "set_config" ||
        !sql::accept(inside, '(')) {
      continue;
    }
    sql::skip_blanks(inside);
    const char* const begin = inside.position;
    if (inside.peek() != '\'') continue;
    sql::skip_token(inside);
    // NULL is what the setting is reset with.
    out += text(out.empty() ? "" : "; ", "SELECT pg_catalog.set_config(",
                std::string(begin, inside.position), ", NULL, false)");
  }
  return out;
}

}  // namespace

std::string undo_of(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    if (sql::accept_word(cursor, "SET")) return undo_of_set(cursor);
    if (sql::accept_word(cursor, "SELECT")) return undo_of_select(cursor);
  } catch (const sql::SyntaxProblem&) {
    // The server will say what is wrong with it.
  }
  return {};
}

std::string as_local(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    if (sql::accept_word(cursor, "SET")) return set_local(cursor, statement);
    if (sql::accept_word(cursor, "RESET")) return reset_local(cursor, statement);
    if (sql::accept_word(cursor, "SELECT")) return select_local(cursor, statement);
  } catch (const sql::SyntaxProblem&) {
    // The server will say what is wrong with it.
  }
  return std::string(statement);
}

}  // namespace pgseed::migrate
