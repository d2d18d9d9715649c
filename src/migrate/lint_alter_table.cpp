#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lint_context.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::migrate {
namespace {

// The actions of one ALTER TABLE: what stands between its commas.
std::vector<sql::Cursor> actions_of(sql::Cursor cursor) {
  std::vector<sql::Cursor> actions;
  sql::skip_blanks(cursor);
  const char* begin = cursor.position;
  const auto finish = [&] {
    actions.push_back({begin, cursor.position, true, cursor.backslash_is_data});
  };
  int depth = 0;
  for (; !cursor.at_end(); sql::skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (byte == '(' || byte == '[') ++depth;
    if (byte == ')' || byte == ']') --depth;
    if (byte == ',' && depth == 0) {
      finish();
      ++cursor.position;
      sql::skip_blanks(cursor);
      begin = cursor.position;
    } else {
      sql::skip_token(cursor);
    }
  }
  finish();
  return actions;
}

// Of a table that the file did not create.
class AlteredTable {
 public:
  AlteredTable(sql::QualifiedName table, LintContext& context)
      : table_(std::move(table)), context_(context) {}

  void lint(sql::Cursor action) {
    at_ = action.position;
    bool strong = true;
    if (sql::accept_word(action, "RENAME")) {
      rename(action);
    } else if (sql::accept_word(action, "ADD")) {
      add(action);
    } else if (sql::accept_word(action, "DROP")) {
      drop(action);
    } else if (sql::accept_word(action, "ALTER")) {
      strong = alter(action);
    } else if (sql::accept_word(action, "SET")) {
      strong = set(action);
    } else if (sql::accept_word(action, "DETACH")) {
      strong = detach(action);
    } else {
      // These let reads and writes go on.
      strong = !sql::accept_word(action, "VALIDATE") && !sql::accept_word(action, "ATTACH") &&
               !sql::accept_word(action, "CLUSTER") && !sql::accept_word(action, "RESET");
    }
    if (strong) context_.locked = shown(table_);
  }

 private:
  void hit(std::string_view rule, std::string message) {
    context_.hits.push_back({at_, rule, std::move(message)});
  }

  bool is_new(const std::string& column) const {
    return context_.created.has_column(table_, column);
  }

  void rename(sql::Cursor action) {
    std::string name;
    if (sql::accept_word(action, "CONSTRAINT")) return;
    if (sql::accept_word(action, "TO")) {
      hit("rename-table", text("renaming ", shown(table_),
                               " breaks the clients that still use the "
                               "old name; leave a view of that name behind until they are gone"));
      return;
    }
    sql::accept_word(action, "COLUMN");
    if (!sql::read_identifier(action, name)) return;
    std::string to;
    if (is_new(name)) {
      if (sql::accept_word(action, "TO") && sql::read_identifier(action, to)) {
        context_.created.columns.emplace_back(table_, to);
      }
      return;
    }
    hit("rename-column", text("renaming the column ", quote_identifier(name),
                              " breaks the clients that still use the old name; add a column, "
                              "keep both filled, and drop the old one in a later revision"));
  }

  void add(sql::Cursor action) {
    const bool says_column = sql::accept_word(action, "COLUMN");
    sql::Cursor behind = action;
    if (!says_column && add_constraint(behind)) return;
    skip_if_exists(action);
    lint_added_column(action, table_, context_);
  }

  // False if it is no constraint but a column without the word COLUMN.
  bool add_constraint(sql::Cursor action) {
    std::string name;
    const bool named = sql::accept_word(action, "CONSTRAINT") && sql::read_identifier(action, name);
    const std::vector<LintWord> words = words_of(action);
    if (sql::accept_word(action, "FOREIGN")) {
      if (has_words(words, "not", "valid")) return true;
      hit("add-foreign-key-without-not-valid",
          "adding the foreign key checks every row while writes to both tables wait; add it NOT "
          "VALID and run VALIDATE CONSTRAINT in a later revision");
    } else if (sql::accept_word(action, "CHECK")) {
      if (has_words(words, "not", "valid")) return true;
      hit("add-check-without-not-valid",
          "adding the CHECK scans the table under an exclusive lock; add it NOT VALID and run "
          "VALIDATE CONSTRAINT in a later revision");
    } else if (sql::accept_word(action, "UNIQUE") || sql::accept_word(action, "PRIMARY")) {
      if (has_words(words, "using", "index") && !has_words(words, "index", "tablespace")) {
        return true;
      }
      hit("add-unique-without-index",
          "the constraint builds its index under an exclusive lock; CREATE UNIQUE INDEX "
          "CONCURRENTLY first, then ADD CONSTRAINT ... USING INDEX");
    } else if (sql::accept_word(action, "EXCLUDE")) {
      sql::skip_blanks(action);  // a column may be called so
      return named || action.peek() == '(' || sql::accept_word(action, "USING");
    } else {
      return named;
    }
    return true;
  }

  void drop(sql::Cursor action) {
    if (sql::accept_word(action, "CONSTRAINT")) return;
    sql::accept_word(action, "COLUMN");
    skip_if_exists(action);
    std::string name;
    if (!sql::read_identifier(action, name) || is_new(name)) return;
    hit("drop-column", text("dropping the column ", quote_identifier(name),
                            " loses its data and breaks the clients that still read it; stop using "
                            "it first, and keep a backup"));
  }

  bool alter(sql::Cursor action) {
    if (sql::accept_word(action, "CONSTRAINT")) return true;
    sql::accept_word(action, "COLUMN");
    std::string name;
    if (!sql::read_identifier(action, name)) return true;
    const std::string column = quote_identifier(name);
    bool changes_type = sql::accept_word(action, "TYPE");
    if (!changes_type && sql::accept_word(action, "SET")) {
      if (sql::accept_word(action, "STATISTICS")) return false;
      if (sql::accept_word(action, "NOT") && !is_new(name)) {
        hit("not-null-without-default", text("SET NOT NULL on ", column,
                                             " scans the table under an exclusive "
                                             "lock; add CHECK (",
                                             column,
                                             " IS NOT NULL) NOT VALID and validate "
                                             "it in an earlier revision"));
        return true;
      }
      changes_type = sql::accept_word(action, "DATA");
    }
    if (changes_type && !is_new(name)) {
      hit("change-type", text("changing the type of ", column,
                              " may rewrite the table under an "
                              "exclusive lock; add a column of the new type, fill it in batches "
                              "and switch over"));
    }
    return true;
  }

  bool set(sql::Cursor action) {
    if (sql::accept_word(action, "SCHEMA")) {
      hit("rename-table", text("moving ", shown(table_),
                               " to another schema breaks the clients "
                               "that still use the old name; leave a view behind until they are "
                               "gone"));
      return true;
    }
    if (sql::accept_word(action, "WITHOUT")) return !sql::accept_word(action, "CLUSTER");
    sql::skip_blanks(action);
    return action.peek() != '(';  // storage parameters
  }

  bool detach(sql::Cursor action) {
    if (!has_words(words_of(action), "concurrently")) return true;
    if (context_.in_transaction) {
      hit("concurrently-in-transaction",
          "DETACH PARTITION ... CONCURRENTLY cannot run in a transaction; write transaction:false "
          "behind the section's name");
    }
    return false;
  }

  const sql::QualifiedName table_;
  LintContext& context_;
  const char* at_ = nullptr;
};

// A new table is not looked at, but its new name is new as well.
void note_renamed(sql::Cursor action, const sql::QualifiedName& table, CreatedObjects& created) {
  sql::QualifiedName renamed = table;
  if (sql::accept_word(action, "RENAME")) {
    if (!sql::accept_word(action, "TO") || !sql::read_identifier(action, renamed.name)) return;
  } else if (sql::accept_word(action, "SET") && sql::accept_word(action, "SCHEMA")) {
    if (!sql::read_identifier(action, renamed.schema.emplace())) return;
  }
  created.relations.add(renamed);
}

}  // namespace

void lint_alter_table(sql::Cursor cursor, LintContext& context) {
  skip_if_exists(cursor);
  if (sql::accept_word(cursor, "ALL")) return;  // ... IN TABLESPACE
  sql::accept_word(cursor, "ONLY");
  const sql::QualifiedName table = sql::read_qualified_name(cursor);
  sql::accept(cursor, '*');
  const bool is_new = context.created.has_relation(table);
  AlteredTable altered(table, context);
  for (const sql::Cursor& action : actions_of(cursor)) {
    if (is_new) {
      note_renamed(action, table, context.created);
    } else {
      altered.lint(action);
    }
  }
}

}  // namespace pgseed::migrate
