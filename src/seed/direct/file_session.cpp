#include "pgseed/seed/direct/file_session.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kPath = "search_path";
constexpr const char* kSavepoint = "SAVEPOINT pgseed_setting";
constexpr const char* kBack =
    "ROLLBACK TO SAVEPOINT pgseed_setting; RELEASE SAVEPOINT pgseed_setting";

template <std::size_t size>
bool is_in(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_passed_by(std::string_view name) {
  static constexpr std::array<std::string_view, 21> kNames = {
      // The transport's and the transaction's, which are not the file's.
      "client_encoding", "statement_timeout", "lock_timeout", "idle_session_timeout",
      "idle_in_transaction_session_timeout", "transaction_timeout", "transaction_isolation",
      "transaction_read_only", "transaction_deferrable", "default_transaction_isolation",
      "default_transaction_read_only", "default_transaction_deferrable", "synchronous_commit",
      "application_name", "jit",
      // What pg_dump writes for DDL and for whoever watches.
      "check_function_bodies", "client_min_messages", "default_tablespace",
      "default_table_access_method", "default_with_oids", "temp_tablespaces"};
  return is_in(kNames, name) || name.starts_with("log_");
}

bool is_role(std::string_view name) {
  return name == "role" || name == "session_authorization";
}

// They say how values read: rows without them would be others.
bool tells_how_rows_read(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "timezone",  "datestyle", "intervalstyle", "standard_conforming_strings",
      "xmloption", "role",      "lc_monetary"};
  return is_in(kNames, name);
}

// They say what becomes of rows on their way into a table: who writes them, what triggers see.
bool tells_what_becomes_of_rows(std::string_view name) {
  static constexpr std::array<std::string_view, 3> kNames = {"role", "session_authorization",
                                                             "session_replication_role"};
  return is_in(kNames, name) || name.find('.') != std::string_view::npos;
}

// Dumps begin with them for their DDL and for COPY TO. Rows alone go in without: only SQL of the
// file needs them.
bool is_for_sql_only(std::string_view name) {
  return name == kPath || name == "row_security";
}

std::string quoted_parts(const std::string& name) {
  std::string quoted;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    quoted += text(quoted.empty() ? "" : ".", quote_identifier(name.substr(begin, end - begin)));
    begin = end + 1;
  }
  return quoted;
}

std::string set_sql(const std::string& name, const std::string& value) {
  return text("SELECT pg_catalog.set_config(", pg::to_literal(name), ", ", pg::to_literal(value),
              ", true)");
}

std::string default_sql(const std::string& name) {
  if (name == "session_authorization") return "SET LOCAL SESSION AUTHORIZATION DEFAULT";
  return text("SET LOCAL ", quoted_parts(name), " TO DEFAULT");
}

std::string hint_for(const std::string& name, const pg::SqlError& error) {
  if (error.sqlstate != "42501") return error.hint;
  if (name == "session_replication_role") {
    return "use the DATABASE_URL of a superuser, or of a role that was granted SET on the "
           "parameter; or take the line out of the file: then triggers and foreign keys work";
  }
  return "use the DATABASE_URL of a role that may, or take the line out of the file";
}

}  // namespace

FileSession::FileSession(Setup setup) : setup_(std::move(setup)) {}

std::string FileSession::where(std::uint64_t line) const {
  return text(path_, ':', line);
}

// The schema of the run, then where the database would look.
std::string FileSession::own_path() const {
  return text("SET LOCAL search_path TO DEFAULT; SELECT pg_catalog.set_config('search_path', ",
              pg::to_literal(quote_identifier(setup_.schema)),
              " || coalesce(', ' || nullif(pg_catalog.current_setting('search_path'), ''), ''), "
              "true)");
}

void FileSession::begin(const std::string& path) {
  path_ = path;
  setup_.database->execute(
      "SET LOCAL TimeZone TO DEFAULT; SET LOCAL DateStyle TO DEFAULT; SET LOCAL IntervalStyle TO "
      "DEFAULT; SET LOCAL standard_conforming_strings TO on; SET LOCAL search_path TO DEFAULT");
  in_force_.erase(kPath);
  refused_.reset();
}

void FileSession::take(const sql::Statement& statement) {
  if (sql::is_connect(statement.text)) {
    in_block_ = false;
    return reset_all();
  }
  const sql::BlockEdge edge = sql::block_edge(statement.text);
  if (edge != sql::BlockEdge::none) {
    if (edge != sql::BlockEdge::begins) end_block();
    in_block_ = edge != sql::BlockEdge::ends;
    return;
  }
  const auto settings = sql::session_settings(statement.text);
  if (!settings) {
    if (refused_) return;
    refused_ = Error(ErrorKind::refused, "this form of set_config() is not carried out",
                     where(statement.line),
                     "write SELECT set_config('name', 'value', false) in a statement of its own");
    return;
  }
  for (const sql::SessionSetting& setting : *settings) apply(setting, statement.line);
}

void FileSession::apply(const sql::SessionSetting& setting, std::uint64_t line) {
  if (setting.is_local && !in_block_) return;  // psql warns
  if (setting.name == "all") return reset_all();
  if (is_passed_by(setting.name)) return;
  if (is_for_sql_only(setting.name)) return want(setting, line);
  setup_.before_change(tells_what_becomes_of_rows(setting.name));
  if (login_.empty() && is_role(setting.name)) {
    login_ = setup_.database->value("SELECT current_user");
  }
  std::string before;
  const bool keeps = setting.is_local && behind_.find(setting.name) == behind_.end();
  if (keeps) {
    before = setup_.database->value(
        text("SELECT pg_catalog.current_setting(", pg::to_literal(setting.name), ", true)"));
  }
  if (!run(setting, line)) return;
  if (keeps) behind_[setting.name] = before;
  if (!setting.is_local) behind_.erase(setting.name);
  changed(setting.name);
}

void FileSession::changed(const std::string& name) {
  if (name != "seed") changed_[name] = default_sql(name);
  if (is_role(name)) learn_role();
}

void FileSession::want(const sql::SessionSetting& setting, std::uint64_t line) {
  const auto known = wanted_.find(setting.name);
  if (!setting.is_local) {
    wanted_behind_.erase(setting.name);
  } else if (wanted_behind_.find(setting.name) == wanted_behind_.end()) {
    wanted_behind_[setting.name] = known == wanted_.end() ? Wanted{} : known->second;
  }
  if (setting.is_computed && setting.name == kPath) return want_computed_path(setting, line);
  wanted_[setting.name] = setting.is_default ? Wanted{} : Wanted{setting.local_sql, line};
}

// It may be made of the one before it.
void FileSession::want_computed_path(const sql::SessionSetting& setting, std::uint64_t line) {
  setup_.before_change(false);
  put_in_force(kPath);
  if (!run(setting, line)) return;
  const std::string value =
      setup_.database->value("SELECT pg_catalog.current_setting('search_path')");
  wanted_[kPath] = {set_sql(kPath, value), line};
  in_force_[kPath] = wanted_[kPath].sql;
  before_own_sql();
}

// False where the server refused it and rows can do without.
bool FileSession::run(const sql::SessionSetting& setting, std::uint64_t line) {
  pg::CopyIn& database = *setup_.database;
  try {
    database.execute(kSavepoint);
    database.execute(setting.local_sql);
    database.execute("RELEASE SAVEPOINT pgseed_setting");
    return true;
  } catch (const pg::SqlError& error) {
    Error refusal = error_of(error, "the database refused a setting", where(line));
    refusal.hint = hint_for(setting.name, error);
    if (tells_how_rows_read(setting.name)) throw Error(refusal);
    database.execute(kBack);
    const bool is_unknown = error.sqlstate == "42704" && setting.name != "session_authorization";
    if (is_unknown) {
      setup_.note(text(setting.name, " (", where(line),
                       ") was passed over: the server has no such ", "setting"));
    } else {
      setup_.note(text(setting.name, " (", where(line), ") was not applied: ", error.message,
                       setting.name == "session_replication_role"
                           ? "; triggers and foreign keys work as usual"
                           : ""));
      if (!refused_) refused_ = refusal;
    }
    return false;
  }
}

void FileSession::put_in_force(const std::string& name) {
  const auto found = wanted_.find(name);
  const Wanted wanted = found == wanted_.end() ? Wanted{} : found->second;
  std::string sql = wanted.sql;
  if (sql.empty()) {
    if (name == kPath) {
      sql = own_path();
    } else if (in_force_.find(name) == in_force_.end()) {
      return;
    } else {
      sql = default_sql(name);
    }
  }
  if (in_force_[name] == sql) return;
  try {
    setup_.database->execute(sql);
  } catch (const pg::SqlError& error) {
    Error refusal = error_of(error, "the database refused a setting", where(wanted.line));
    refusal.hint = hint_for(name, error);
    throw Error(refusal);
  }
  in_force_[name] = sql;
}

void FileSession::require_all() const {
  if (refused_) throw Error(*refused_);
}

void FileSession::before_sql() {
  put_in_force(kPath);
  put_in_force("row_security");
}

void FileSession::before_own_sql() {
  const auto now = in_force_.find(kPath);
  if (now == in_force_.end() || now->second == own_path()) return;
  now->second = own_path();
  setup_.database->execute(now->second);
}

void FileSession::end_block() {
  for (const auto& [name, wanted] : wanted_behind_) wanted_[name] = wanted;
  wanted_behind_.clear();
  if (behind_.empty()) return;
  setup_.before_change(std::any_of(behind_.begin(), behind_.end(), [](const auto& each) {
    return tells_what_becomes_of_rows(each.first);
  }));
  // The role comes behind the session's user, who may take it.
  for (auto each = behind_.rbegin(); each != behind_.rend(); ++each) {
    setup_.database->execute(set_sql(each->first, each->second));
  }
  behind_.clear();
  if (!login_.empty()) learn_role();
}

void FileSession::reset_all() {
  wanted_.clear();
  wanted_behind_.clear();
  behind_.clear();
  if (in_force_.find("row_security") != in_force_.end()) put_in_force("row_security");
  if (changed_.empty()) return;
  setup_.before_change(std::any_of(changed_.begin(), changed_.end(), [](const auto& each) {
    return tells_what_becomes_of_rows(each.first);
  }));
  for (auto each = changed_.rbegin(); each != changed_.rend(); ++each) {
    setup_.database->execute(each->second);
  }
  changed_.clear();
  role_.clear();
}

void FileSession::end() {
  in_block_ = false;
  reset_all();
  before_own_sql();
}

void FileSession::learn_role() {
  const std::string now = setup_.database->value("SELECT current_user");
  role_ = now == login_ ? std::string() : now;
}

}  // namespace pgseed::seed
