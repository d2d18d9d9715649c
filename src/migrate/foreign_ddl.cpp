#include "pgseed/migrate/foreign_ddl.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/row_evidence.hpp"
#include "pgseed/sql/mysql_ddl.hpp"
#include "pgseed/sql/mysql_setting.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/sqlite_ddl.hpp"

namespace pgseed::migrate {

using sql::StatementKind;

struct ForeignDdl::State {
  State(sql::Dialect dialect, const DdlOptions& given)
      : options(given),
        mysql(schema, {given.tinyint1 != DdlOptions::Tinyint1::smallint}),
        sqlite(schema),
        evidence(schema) {
    schema.dialect = dialect;
  }

  void note(const sql::Statement& statement, sql::MysqlModes& modes) {
    const sql::DdlPlace place{paths.size() - 1, statement.line};
    const bool is_mysql = schema.dialect == sql::Dialect::mysql;
    if (statement.kind == StatementKind::session && is_mysql) {
      for (const sql::MysqlSetting& setting :
           sql::read_mysql_settings(statement.text, modes.now())) {
        modes.apply(setting);
      }
    }
    const bool counts = statement.kind == StatementKind::ddl ||
                        (statement.kind == StatementKind::session && is_mysql) ||
                        (statement.kind == StatementKind::sequence && !is_mysql);
    if (statement.kind == StatementKind::insert_select) note_created_by_query(statement, place);
    if (!counts) return;
    if (statement.cut) {
      throw Error(ErrorKind::input, "a DDL statement is longer than 1 MiB",
                  text(paths.back(), ':', statement.line));
    }
    if (is_mysql) {
      mysql.note(statement.text, modes.now(), place);
    } else {
      sqlite.note(statement.text, place);
    }
  }

  // CREATE TABLE ... AS SELECT makes rows as well, so that its kind is another.
  void note_created_by_query(const sql::Statement& statement, const sql::DdlPlace& place) {
    if (statement.cut || !equals_ignoring_case(statement.text.substr(0, 6), "create")) return;
    if (schema.dialect == sql::Dialect::mysql) mysql.note(statement.text, {}, place);
  }

  DdlOptions options;
  sql::DdlSchema schema;
  std::vector<std::string> paths;
  sql::MysqlDdl mysql;
  sql::SqliteDdl sqlite;
  RowEvidence evidence;
};

ForeignDdl::ForeignDdl(sql::Dialect dialect, const DdlOptions& options)
    : state_(std::make_unique<State>(dialect, options)) {}
ForeignDdl::~ForeignDdl() = default;

sql::Dialect ForeignDdl::dialect() const {
  return state_->schema.dialect;
}

void ForeignDdl::read(sql::Input& input, const std::string& path) {
  state_->paths.push_back(path);
  state_->mysql.begin_file();
  sql::ReaderOptions options;
  options.dialect = dialect();
  sql::DumpReader reader(input, path, options);
  sql::MysqlModes modes;
  for (;;) {
    const sql::Piece piece = reader.next();
    if (piece == sql::Piece::end) break;
    if (piece == sql::Piece::row) {
      state_->evidence.row(state_->paths.size() - 1, reader.head(), reader.row());
    } else {
      state_->note(reader.statement(), modes);
    }
  }
}

PostgresqlDdl ForeignDdl::write() const {
  sql::DdlSchema schema = state_->schema;
  state_->evidence.apply(schema, state_->options.tinyint1 == DdlOptions::Tinyint1::boolean);
  schema.has_rows = state_->evidence.saw_rows();
  return write_postgresql(schema, state_->paths, state_->options);
}

}  // namespace pgseed::migrate
