#include "pgseed/migrate/alembic_import.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/section_finder.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::migrate {
namespace {

// The "--" comments of what stands between two tokens: white space and whole comments.
std::vector<std::string_view> line_comments(std::string_view blanks) {
  std::vector<std::string_view> comments;
  int depth = 0;
  for (std::size_t at = 0; at < blanks.size();) {
    const std::string_view rest = blanks.substr(at);
    std::size_t length = 1;
    if (rest.starts_with("/*")) {
      ++depth;
      length = 2;
    } else if (depth > 0 && rest.starts_with("*/")) {
      --depth;
      length = 2;
    } else if (depth == 0 && rest.starts_with("--")) {
      length = std::min(rest.find('\n'), rest.size());
      comments.push_back(rest.substr(0, length));
    }
    at += length;
  }
  return comments;
}

std::vector<std::string> split_ids(std::string_view list) {
  std::vector<std::string> ids;
  while (!trim(list).empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    ids.emplace_back(trim(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return ids;
}

// "-- Running upgrade  -> a1", "-- Running upgrade b2, c3 -> d4", "-- Running downgrade a1 -> ".
std::optional<OfflineStep> read_step_line(std::string_view comment) {
  static constexpr std::string_view kUp = "-- Running upgrade ";
  static constexpr std::string_view kDown = "-- Running downgrade ";
  OfflineStep step;
  step.direction = comment.starts_with(kUp) ? Direction::up : Direction::down;
  const std::string_view prefix = step.direction == Direction::up ? kUp : kDown;
  if (!comment.starts_with(prefix)) return std::nullopt;
  comment.remove_prefix(prefix.size());
  const std::size_t arrow = comment.find("->");
  if (arrow == std::string_view::npos) return std::nullopt;
  std::vector<std::string> from = split_ids(comment.substr(0, arrow));
  std::vector<std::string> to = split_ids(comment.substr(arrow + 2));
  if (step.direction == Direction::down) std::swap(from, to);
  if (to.size() != 1) return std::nullopt;
  step.id = std::move(to.front());
  step.parents = std::move(from);
  return step;
}

bool begins_statement(sql::Cursor cursor) {
  static constexpr std::array<std::string_view, 20> kVerbs = {
      "ALTER",   "ANALYZE", "BEGIN",  "CALL",    "COMMENT",  "COMMIT", "CREATE",
      "DELETE",  "DO",      "DROP",   "EXECUTE", "GRANT",    "INSERT", "LOCK",
      "REFRESH", "REVOKE",  "SELECT", "SET",     "TRUNCATE", "UPDATE"};
  sql::skip_blanks(cursor);
  const std::string_view word = sql::read_word(cursor);
  return cursor.at_end() || std::any_of(kVerbs.begin(), kVerbs.end(), [&](std::string_view verb) {
           return equals_ignoring_case(word, verb);
         });
}

struct Statement {
  std::string_view text;      // comments before it included
  std::string_view body;      // from its first word
  const char* end = nullptr;  // of what it takes up of the script
};

class ScriptReader {
 public:
  explicit ScriptReader(const OfflineScript& script)
      : script_(script),
        text_(checked_text(script.text, script.name)),
        cursor_{text_.data(), text_.data() + text_.size(), true} {}

  std::vector<OfflineStep> read() {
    try {
      for (;;) {
        const char* const begin = cursor_.position;
        sql::skip_blanks(cursor_);
        const char* const first = read_comments(std::string_view(begin, cursor_.position));
        if (cursor_.at_end()) break;
        const Statement statement = read_statement(first);
        take(statement);
        cursor_.position = statement.end;
      }
    } catch (sql::SyntaxProblem& problem) {
      fail(problem.at, std::move(problem.message), std::move(problem.hint));
    }
    close_step();
    return std::move(steps_);
  }

 private:
  // A statement of a step, and the transaction that it is in; 0: none.
  struct Item {
    std::string text;
    int transaction = 0;
  };

  // Looks for a step's line in front of a statement; returns where the statement's own text begins.
  const char* read_comments(std::string_view blanks) {
    const char* first = blanks.data();
    for (const std::string_view comment : line_comments(blanks)) {
      const bool at_column_0 = comment.data() == text_.data() || comment.data()[-1] == '\n';
      // A step ends with its write to the version table: a line like this before it is somebody's
      // comment.
      const bool may_begin = steps_.empty() || version_writes_ > 0;
      auto step = at_column_0 && may_begin ? read_step_line(comment) : std::nullopt;
      if (!step) continue;
      begin_step(std::move(*step), comment.data());
      first = comment.data() + comment.size();
    }
    while (first < cursor_.position && sql::is_space(*first)) ++first;
    return first;
  }

  void begin_step(OfflineStep step, const char* at) {
    close_step();
    for (const OfflineStep& earlier : steps_) {
      if (earlier.id == step.id && earlier.direction == step.direction) {
        fail(at, text("revision ", step.id, " is run twice"), "");
      }
    }
    steps_.push_back(std::move(step));
    step_at_ = at;
    version_writes_ = 0;
    transaction_ = ++transactions_;
  }

  // At a statement's first word.
  Statement read_statement(const char* first) const {
    sql::Cursor end = cursor_;
    sql::StatementScanner scanner;
    scanner.scan(end);
    Statement statement;
    statement.end = end.position;
    const char* last = cursor_.position;
    sql::Cursor walk{cursor_.position, end.position - (scanner.saw_meta_command() ? 0 : 1), true};
    for (int depth = 0; walk.position < walk.end;) {
      const char byte = *walk.position;
      depth += byte == '(' ? 1 : byte == ')' ? -1 : 0;
      sql::skip_token(walk);
      last = walk.position;
      sql::skip_blanks(walk);
      const char* const cut = depth > 0 ? nullptr : swallowed_end(last, walk.position);
      if (cut == nullptr) continue;
      statement.end = cut;
      break;
    }
    statement.text = std::string_view(first, last);
    statement.body = std::string_view(cursor_.position, last);
    return statement;
  }

  // Alembic puts its semicolon behind everything, also behind a comment that ends a statement:
  // there it ends nothing. The end of such a comment, if another statement follows.
  const char* swallowed_end(const char* begin, const char* end) const {
    for (const std::string_view comment : line_comments(std::string_view(begin, end))) {
      const char* const behind = comment.data() + comment.size();
      if (comment.ends_with(';') && std::string_view(behind, cursor_.end).starts_with("\n\n") &&
          begins_statement({behind, cursor_.end, true})) {
        return behind;
      }
    }
    return nullptr;
  }

  void take(const Statement& statement) {
    if (equals_ignoring_case(statement.body, "BEGIN")) {
      transaction_ = ++transactions_;
    } else if (equals_ignoring_case(statement.body, "COMMIT")) {
      transaction_ = 0;
    } else if (is_about_version_table(statement.body)) {
      ++version_writes_;
    } else if (!steps_.empty() && !statement.body.empty()) {
      items_.push_back({tidy(statement), transaction_});
    }
  }

  bool is_about_version_table(std::string_view body) const {
    sql::Cursor cursor = sql::cursor_over(body);
    const auto words = [&](std::string_view verb, std::string_view object) {
      const sql::Cursor before = cursor;
      if (sql::accept_word(cursor, verb) && (object.empty() || sql::accept_word(cursor, object))) {
        return true;
      }
      cursor = before;
      return false;
    };
    if (!words("CREATE", "TABLE") && !words("DROP", "TABLE") && !words("INSERT", "INTO") &&
        !words("DELETE", "FROM") && !words("UPDATE", "")) {
      return false;
    }
    if (sql::accept_word(cursor, "IF")) {
      sql::accept_word(cursor, "NOT");
      sql::accept_word(cursor, "EXISTS");
    }
    sql::QualifiedName name;
    try {
      name = sql::read_qualified_name(cursor);
    } catch (const sql::SyntaxProblem&) {
      return false;  // a statement for the server to judge
    }
    return name.name == script_.version_table.table && name.schema == script_.version_table.schema;
  }

  // The statement's text without blanks at line ends.
  std::string tidy(const Statement& statement) const {
    std::string out;
    sql::Cursor walk = sql::cursor_over(statement.text);
    int brackets = 0;
    while (walk.position < walk.end) {
      const char* const begin = walk.position;
      sql::skip_blanks(walk);
      for (const char byte : std::string_view(begin, walk.position)) {
        while (byte == '\n' && (out.ends_with(' ') || out.ends_with('\t'))) out.pop_back();
        out += byte;
      }
      if (walk.position >= walk.end) break;
      const char* const token = walk.position;
      brackets += *token == '[' ? 1 : *token == ']' ? -1 : 0;
      refuse_placeholder(token, walk.end, brackets > 0);
      sql::skip_token(walk);
      refuse_backslashes(token, walk.position);
      out += std::string_view(token, walk.position);
      // A cast's second colon begins no name.
      if (std::string_view(token, walk.end).starts_with("::")) {
        out += ':';
        ++walk.position;
      }
    }
    return out;
  }

  // Where a value should stand: %(name)s, or :name outside of an array's slice.
  void refuse_placeholder(const char* at, const char* end, bool in_brackets) const {
    const std::string_view rest(at, end);
    const std::size_t close = rest.find_first_not_of(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", 2);
    const bool percent = rest.starts_with("%(") && close != std::string_view::npos && close > 2 &&
                         rest.substr(close).starts_with(")s");
    const bool colon =
        !in_brackets && rest.size() > 1 && rest[0] == ':' && sql::is_identifier_start(rest[1]);
    if (!percent && !colon) return;
    fail(at, "Alembic printed a place holder instead of a value",
         "give context.configure() of env.py's offline mode literal_binds=True");
  }

  // Offline, SQLAlchemy doubles each backslash of a value, as for a server that reads escapes in
  // every string; what op.execute() has as text stays as it is. Printed they look the same.
  void refuse_backslashes(const char* begin, const char* end) const {
    if (*begin != '\'') return;
    const std::string_view literal(begin, end);
    const std::size_t doubled = literal.find("\\\\");
    if (doubled == std::string_view::npos) return;
    fail(begin + doubled,
         text("Alembic printed doubled backslashes in revision ", steps_.back().id,
              ", which may stand for single ones"),
         "offline it doubles those of values (bulk_insert, bindparams, defaults, comments) and not "
         "those of op.execute(): write this revision by hand, or its strings as E'...' or $$...$$ "
         "in op.execute()");
  }

  void close_step() {
    if (steps_.empty()) return;
    Section& section = steps_.back().section;
    section.options.transaction = std::none_of(items_.begin(), items_.end(),
                                               [](const Item& i) { return i.transaction == 0; });
    for (std::size_t at = 0; at < items_.size();) {
      std::size_t end = at + 1;
      while (end < items_.size() && items_[end].transaction == items_[at].transaction) ++end;
      const bool is_block =
          !section.options.transaction && items_[at].transaction != 0 && end - at > 1;
      if (is_block) append(section.text, "BEGIN");
      for (; at < end; ++at) append(section.text, items_[at].text);
      if (is_block) append(section.text, "COMMIT");
    }
    items_.clear();
    if (version_writes_ == 0) {
      fail(step_at_,
           text("the step of revision ", steps_.back().id, " has no write to the table ",
                to_sql(script_.version_table)),
           "if env.py gives the version table another name or schema, give it to --version-table");
    }
  }
  static void append(std::string& section, std::string_view statement) {
    section += text(section.empty() ? "" : "\n", statement, ";\n");
  }

  [[noreturn]] void fail(const char* at, std::string message, std::string hint) const {
    fail_at(text_, script_.name, 1, at, std::move(message), std::move(hint));
  }

  const OfflineScript& script_;
  std::string_view text_;
  sql::Cursor cursor_;
  std::vector<OfflineStep> steps_;
  // Of the last step.
  const char* step_at_ = nullptr;
  std::vector<Item> items_;
  int version_writes_ = 0;
  int transaction_ = 0;
  int transactions_ = 0;
};

}  // namespace

std::optional<VersionTableName> version_table_of(std::string_view script) {
  while (!script.empty()) {
    const std::string_view line = script.substr(0, script.find('\n'));
    if (read_step_line(trim(line))) break;
    sql::Cursor cursor = sql::cursor_over(script);
    script.remove_prefix(std::min(line.size() + 1, script.size()));
    if (!line.starts_with("CREATE TABLE")) continue;
    try {
      sql::accept_word(cursor, "CREATE");
      sql::accept_word(cursor, "TABLE");
      const sql::QualifiedName name = sql::read_qualified_name(cursor);
      if (sql::accept(cursor, '(') && sql::accept_word(cursor, "VERSION_NUM")) {
        return VersionTableName{name.schema, name.name};
      }
    } catch (const sql::SyntaxProblem&) {
      // Something else that env.py prints.
    }
  }
  return std::nullopt;
}

std::string last_step_of(std::string_view script) {
  std::string id;
  while (!script.empty()) {
    const std::string_view line = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(line.size() + 1, script.size()));
    if (auto step = read_step_line(line)) id = std::move(step->id);
  }
  return id;
}

std::vector<OfflineStep> read_offline_script(const OfflineScript& script) {
  if (!script.doubled_percent) return ScriptReader(script).read();
  OfflineScript single = script;
  single.text.clear();
  for (std::size_t at = 0; at < script.text.size(); ++at) {
    single.text += script.text[at];
    if (script.text.compare(at, 2, "%%") == 0) ++at;
  }
  return ScriptReader(single).read();
}

}  // namespace pgseed::migrate
