#include <algorithm>
#include <array>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lint_context.hpp"

namespace pgseed::migrate {
namespace {

using sql::QualifiedName;

class StatementLinter {
 public:
  StatementLinter(sql::Cursor cursor, LintContext& context)
      : at_(cursor.position), cursor_(cursor), context_(context) {}

  void lint() {
    if (accept("CREATE")) return create();
    if (accept("DROP")) return drop();
    if (accept("ALTER")) return alter();
    if (accept("REINDEX")) return reindex();
    if (accept("TRUNCATE")) return truncate();
    if (accept("LOCK")) return lock_table();
    if (accept("UPDATE")) return update();
    if (accept("DELETE") && accept("FROM")) return delete_rows();
  }

 private:
  bool accept(std::string_view word) { return sql::accept_word(cursor_, word); }

  void hit(std::string_view rule, std::string message) {
    context_.hits.push_back({at_, rule, std::move(message)});
  }

  bool is_new(const QualifiedName& table) const { return context_.created.has_relation(table); }

  void lock(const QualifiedName& table) {
    if (!is_new(table)) context_.locked = shown(table);
  }

  void refuse_transaction(std::string_view what) {
    if (!context_.in_transaction) return;
    hit("concurrently-in-transaction",
        text(what,
             " CONCURRENTLY cannot run in a transaction; write transaction:false behind the "
             "section's name"));
  }

  // --- CREATE

  void create() {
    if (accept("OR")) accept("REPLACE");
    if (accept("UNIQUE") || at_word("INDEX")) return create_index();
    if (accept("SCHEMA")) return create_schema();
    if (accept("CONSTRAINT") || at_word("TRIGGER") || at_word("POLICY")) return lock_behind_on();
    static constexpr std::array<std::string_view, 8> kKinds = {
        "GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED", "FOREIGN", "RECURSIVE", "MATERIALIZED"};
    while (std::any_of(kKinds.begin(), kKinds.end(), [&](auto kind) { return accept(kind); })) {
    }
    if (!accept("TABLE") && !accept("VIEW")) return;
    skip_if_exists(cursor_);
    context_.created.relations.add(sql::read_qualified_name(cursor_));
  }

  void create_schema() {
    skip_if_exists(cursor_);
    if (!at_word("AUTHORIZATION")) {
      context_.created.schemas.add(sql::read_qualified_name(cursor_));
    }
  }

  void create_index() {
    accept("INDEX");
    const bool concurrently = accept("CONCURRENTLY");
    skip_if_exists(cursor_);
    QualifiedName index;
    if (!at_word("ON")) index = sql::read_qualified_name(cursor_);
    if (!accept("ON")) return;
    // On the table alone, without its partitions, nothing is built.
    const bool only = accept("ONLY");
    const QualifiedName table = sql::read_qualified_name(cursor_);
    if (concurrently) {
      refuse_transaction("CREATE INDEX");
    } else if (!only && !is_new(table)) {
      hit("index-without-concurrently",
          text("CREATE INDEX keeps every write to ", shown(table),
               " waiting until it is built; "
               "CREATE INDEX CONCURRENTLY, in a section with transaction:false"));
      lock(table);
    }
    if (!index.name.empty()) {
      index.schema = table.schema;  // an index lives where its table does
      context_.created.indexes.add(index);
    }
  }

  // [CONSTRAINT] TRIGGER, POLICY or RULE name ... ON table.
  void lock_behind_on() {
    for (sql::skip_blanks(cursor_); !cursor_.at_end(); sql::skip_blanks(cursor_)) {
      if (accept("ON")) return lock(sql::read_qualified_name(cursor_));
      sql::skip_token(cursor_);
    }
  }

  // --- DROP and ALTER

  // The names of the list here that the file did not create.
  std::vector<QualifiedName> old_names(const CreatedNames* created) {
    std::vector<QualifiedName> names;
    do {
      QualifiedName name = sql::read_qualified_name(cursor_);
      if (created != nullptr ? !created->has(name) : !is_new(name))
        names.push_back(std::move(name));
    } while (sql::accept(cursor_, ','));
    return names;
  }

  static std::string list(const std::vector<QualifiedName>& names) {
    std::string out;
    for (const QualifiedName& name : names) out += (out.empty() ? "" : ", ") + shown(name);
    return out;
  }

  void drop() {
    if (accept("TRIGGER") || accept("POLICY") || accept("RULE")) return lock_behind_on();
    const bool index = accept("INDEX");
    const bool concurrently = index && accept("CONCURRENTLY");
    const bool schema = !index && accept("SCHEMA");
    if (!index && !schema && !accept("TABLE")) return;
    skip_if_exists(cursor_);
    const std::vector<QualifiedName> names = old_names(index    ? &context_.created.indexes
                                                       : schema ? &context_.created.schemas
                                                                : nullptr);
    if (concurrently) return refuse_transaction("DROP INDEX");
    if (names.empty()) return;
    if (index) {
      hit("index-without-concurrently", text("DROP INDEX ", list(names),
                                             " locks out reads and writes of its table; DROP INDEX "
                                             "CONCURRENTLY, in a section with transaction:false"));
    } else if (schema && accept("CASCADE")) {
      hit("drop-table", text("DROP SCHEMA ", list(names),
                             " CASCADE drops every table in it; drop "
                             "them one by one, when nothing uses them any more"));
    } else if (!schema) {
      hit("drop-table", text("dropping ", list(names),
                             " loses the data and breaks the clients "
                             "that still use it; rename it first, drop it when nobody missed it"));
    }
    if (!schema) context_.locked = list(names);
  }

  void alter() {
    if (accept("TABLE")) return lint_alter_table(cursor_, context_);
    if (accept("POLICY")) lock_behind_on();
  }

  void reindex() {
    if (sql::accept(cursor_, '(')) {
      while (!sql::accept(cursor_, ')') && !cursor_.at_end()) {
        if (accept("CONCURRENTLY")) return refuse_transaction("REINDEX");
        sql::skip_token(cursor_);
      }
    }
    const bool index = accept("INDEX");
    if (!index && !accept("TABLE")) return;
    if (accept("CONCURRENTLY")) return refuse_transaction("REINDEX");
    const std::vector<QualifiedName> names = old_names(index ? &context_.created.indexes : nullptr);
    if (names.empty()) return;
    hit("index-without-concurrently",
        text("REINDEX ", list(names),
             " keeps every write waiting; REINDEX ... CONCURRENTLY, in a "
             "section with transaction:false"));
    context_.locked = list(names);
  }

  // --- rows and locks

  void truncate() {
    accept("TABLE");
    std::vector<QualifiedName> names;
    do {
      accept("ONLY");
      QualifiedName name = sql::read_qualified_name(cursor_);
      if (!is_new(name)) names.push_back(std::move(name));
      sql::accept(cursor_, '*');
    } while (sql::accept(cursor_, ','));
    if (names.empty()) return;
    hit("truncate", text("TRUNCATE ", list(names),
                         " deletes every row under an exclusive lock; "
                         "DELETE in batches what is to go"));
    context_.locked = list(names);
  }

  void lock_table() {
    accept("TABLE");
    accept("ONLY");
    const QualifiedName table = sql::read_qualified_name(cursor_);
    if (!has_words(words_of(cursor_), "nowait")) lock(table);
  }

  void update() {
    accept("ONLY");
    const QualifiedName table = sql::read_qualified_name(cursor_);
    const std::vector<LintWord> words = words_of(cursor_);
    if (is_new(table) || has_words(words, "where") || has_words(words, "from")) return;
    hit("update-without-where", text("UPDATE without WHERE writes every row of ", shown(table),
                                     " in one transaction; "
                                     "update in batches, or say which rows"));
  }

  void delete_rows() {
    accept("ONLY");
    const QualifiedName table = sql::read_qualified_name(cursor_);
    const std::vector<LintWord> words = words_of(cursor_);
    if (is_new(table) || has_words(words, "where") || has_words(words, "using")) return;
    hit("delete-without-where",
        text("DELETE without WHERE removes every row of ", shown(table), "; say which rows"));
  }

  bool at_word(std::string_view word) const {
    sql::Cursor ahead = cursor_;
    return sql::accept_word(ahead, word);
  }

  const char* at_;
  sql::Cursor cursor_;
  LintContext& context_;
};

}  // namespace

void lint_statement(std::string_view statement, LintContext& context) {
  try {
    StatementLinter({statement.data(), statement.data() + statement.size(), true}, context).lint();
  } catch (const sql::SyntaxProblem&) {
    // No statement as PostgreSQL knows it: the server will say what is wrong with it.
  }
}

}  // namespace pgseed::migrate
