#include "pgseed/migrate/migration_log.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/revision_file.hpp"

namespace pgseed::migrate {
namespace {

// PostgREST does not expose the schema, Alembic's autogenerate does not look at it.
constexpr const char* kCreate = R"(CREATE SCHEMA IF NOT EXISTS pgseed;
CREATE TABLE IF NOT EXISTS pgseed.migration_log (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_table text NOT NULL,
    rev           text NOT NULL,
    direction     text NOT NULL,
    started       timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished      timestamptz,
    ok            boolean,
    step          integer NOT NULL DEFAULT 0,
    running       boolean NOT NULL DEFAULT false,
    steps_sha256  text,
    sha256_up     text,
    sha256_down   text,
    tool          text NOT NULL,
    "user"        text NOT NULL DEFAULT session_user,
    host          text,
    sqlstate      text,
    error         text
);
COMMENT ON TABLE pgseed.migration_log IS 'pgseed migration log, version 1';
REVOKE ALL ON SCHEMA pgseed FROM PUBLIC;
REVOKE ALL ON TABLE pgseed.migration_log FROM PUBLIC)";

// Behind steps_sha256 while a statement is at work that can COMMIT by itself.
constexpr std::string_view kInBlock = "+block";

constexpr std::size_t kLongestError = 2'000;

const char* word(Direction direction) {
  return direction == Direction::up ? "up" : "down";
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string checksum(pg::Session& session, const std::optional<Section>& section) {
  return section ? session.literal(section_checksum(*section)) : "NULL";
}

}  // namespace

bool differs(const Revision& revision, const AppliedChecksums& applied) {
  const auto sum = [](const std::optional<Section>& section) {
    return section ? section_checksum(*section) : std::string();
  };
  return sum(revision.upgrade) != applied.upgrade || sum(revision.downgrade) != applied.downgrade;
}

bool MigrationLog::create(pg::Session& session) const {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    try {
      session.transaction([](pg::Session& inner) { inner.execute(kCreate); });
      return true;
    } catch (const pg::SqlError& error) {
      if (error.sqlstate == "42501") return false;  // insufficient_privilege
      // Another project's run in the same database makes them too, and IF NOT EXISTS does not see
      // what is not committed: each object can collide once.
      const bool collision =
          error.sqlstate == "23505" || error.sqlstate == "42P06" || error.sqlstate == "42P07";
      if (!collision || attempt == kAttempts) throw;
    }
  }
}

void MigrationLog::add(pg::Session& session, const Revision& revision, Direction direction,
                       std::chrono::system_clock::time_point started) const {
  const std::chrono::duration<double> took = std::chrono::system_clock::now() - started;
  session.execute(text(
      "INSERT INTO pgseed.migration_log (version_table, rev, direction, started, finished, ok, "
      "sha256_up, sha256_down, tool, host) VALUES (",
      session.literal(version_table_), ", ", session.literal(revision.id), ", '", word(direction),
      "', clock_timestamp() - ", took.count(), " * interval '1 second', clock_timestamp(), true, ",
      checksum(session, revision.upgrade), ", ", checksum(session, revision.downgrade),
      ", 'pgseed " PGSEED_VERSION "', ", session.literal(host_name()), ')'));
}

void MigrationLog::add_stamp(pg::Session& session, const std::string& rows) const {
  session.execute(
      text("INSERT INTO pgseed.migration_log (version_table, rev, direction, finished, ok, tool, "
           "host) VALUES (",
           session.literal(version_table_), ", ", session.literal(rows),
           ", 'stamp', clock_timestamp(), true, 'pgseed " PGSEED_VERSION "', ",
           session.literal(host_name()), ')'));
}

void MigrationLog::add_failure(pg::Session& session, const Revision& revision, Direction direction,
                               const std::string& sqlstate, const std::string& error) const {
  session.execute(text(
      "INSERT INTO pgseed.migration_log (version_table, rev, direction, finished, ok, tool, host, "
      "sqlstate, error) VALUES (",
      session.literal(version_table_), ", ", session.literal(revision.id), ", '", word(direction),
      "', clock_timestamp(), false, 'pgseed " PGSEED_VERSION "', ", session.literal(host_name()),
      ", ", session.literal(sqlstate), ", ", session.literal(error.substr(0, kLongestError)), ')'));
}

std::optional<Unfinished> MigrationLog::find_unfinished(pg::Session& session, const std::string& id,
                                                        Direction direction) const {
  // The last row of the revision: an older one that broke off was overtaken.
  const auto rows = session.query(text(
      "SELECT id, step, coalesce(steps_sha256, ''), running FROM (SELECT * FROM "
      "pgseed.migration_log WHERE version_table = ",
      session.literal(version_table_), " AND rev = ", session.literal(id),
      " AND direction IN ('up', 'down') ORDER BY id DESC LIMIT 1) AS newest WHERE direction = '",
      word(direction), "' AND ok IS NULL FOR UPDATE"));
  if (rows.empty()) return std::nullopt;
  const pg::Row& row = rows.front();
  Unfinished found{std::atoll(row[0]->c_str()), std::atoi(row[1]->c_str()), *row[2], row[3] == "t",
                   false};
  found.in_block = found.steps_sha256.ends_with(kInBlock);
  if (found.in_block) {
    found.steps_sha256.resize(found.steps_sha256.size() - kInBlock.size());
  }
  return found;
}

std::int64_t MigrationLog::begin(pg::Session& session, const Revision& revision,
                                 Direction direction) const {
  const auto rows = session.query(text(
      "INSERT INTO pgseed.migration_log (version_table, rev, direction, sha256_up, sha256_down, "
      "tool, host) VALUES (",
      session.literal(version_table_), ", ", session.literal(revision.id), ", '", word(direction),
      "', ", checksum(session, revision.upgrade), ", ", checksum(session, revision.downgrade),
      ", 'pgseed " PGSEED_VERSION "', ", session.literal(host_name()), ") RETURNING id"));
  return std::atoll(rows.front()[0]->c_str());
}

std::optional<Unfinished> MigrationLog::open(pg::Session& session, const Revision& revision,
                                             Direction direction) const {
  const auto locked =
      session.query(text("SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended("
                         "'pgseed migration_log ' || pg_catalog.current_database() || ' ' || ",
                         session.literal(version_table_), ", 0))"));
  if (locked.front()[0] != "t") return std::nullopt;
  const auto row = find_unfinished(session, revision.id, direction);
  return row ? row : Unfinished{begin(session, revision, direction), 0, {}, false, false};
}

bool MigrationLog::note_running(pg::Session& session, std::int64_t id, int steps,
                                bool is_block) const {
  const std::string mark =
      is_block ? text(", steps_sha256 = coalesce(steps_sha256, '') || '", kInBlock, '\'') : "";
  return session.execute(text("UPDATE pgseed.migration_log SET running = true", mark,
                              " WHERE ok IS NULL AND step = ", steps, " AND id = ", id)) == 1;
}

bool MigrationLog::note_step(pg::Session& session, std::int64_t id, int from, int to,
                             const std::string& steps_sha256) const {
  return session.execute(text("UPDATE pgseed.migration_log SET step = ", to,
                              ", running = false, sqlstate = NULL, error = NULL, steps_sha256 = ",
                              session.literal(steps_sha256), " WHERE ok IS NULL AND step = ", from,
                              " AND id = ", id)) == 1;
}

void MigrationLog::note_failure(pg::Session& session, std::int64_t id, const std::string& sqlstate,
                                const std::string& error) const {
  session.execute(text(
      "UPDATE pgseed.migration_log SET running = running AND coalesce(steps_sha256, '') LIKE '%",
      kInBlock, "', sqlstate = ", session.literal(sqlstate),
      ", error = ", session.literal(error.substr(0, kLongestError)), " WHERE id = ", id));
}

void MigrationLog::finish(pg::Session& session, std::int64_t id) const {
  session.execute(
      text("UPDATE pgseed.migration_log SET ok = true, finished = clock_timestamp(), "
           "running = false WHERE id = ",
           id));
}

std::map<std::string, AppliedChecksums> MigrationLog::checksums(pg::Session& session) const {
  std::map<std::string, AppliedChecksums> found;
  for (const pg::Row& row : session.query(
           text("SELECT DISTINCT ON (rev) rev, coalesce(sha256_up, ''), coalesce(sha256_down, '') "
                "FROM pgseed.migration_log WHERE ok AND direction IN ('up', 'accept') AND "
                "version_table = ",
                session.literal(version_table_), " ORDER BY rev, id DESC"))) {
    found[*row[0]] = {*row[1], *row[2]};
  }
  return found;
}

void MigrationLog::accept(pg::Session& session, const Revision& revision) const {
  session.execute(text(
      "INSERT INTO pgseed.migration_log (version_table, rev, direction, finished, ok, sha256_up, "
      "sha256_down, tool, host) VALUES (",
      session.literal(version_table_), ", ", session.literal(revision.id),
      ", 'accept', clock_timestamp(), true, ", checksum(session, revision.upgrade), ", ",
      checksum(session, revision.downgrade), ", 'pgseed " PGSEED_VERSION "', ",
      session.literal(host_name()), ')'));
}

std::vector<HalfWayMark> MigrationLog::marks(pg::Session& session) const {
  std::vector<HalfWayMark> found;
  for (const pg::Row& row : session.query(
           text("SELECT id, rev, direction, step, coalesce(steps_sha256, '') LIKE '%", kInBlock,
                "' FROM (SELECT DISTINCT ON (rev) * FROM pgseed.migration_log WHERE direction IN "
                "('up', 'down') AND version_table = ",
                session.literal(version_table_),
                " ORDER BY rev, id DESC) AS newest WHERE ok IS NULL AND (step > 0 OR running) "
                "ORDER BY rev"))) {
    found.push_back({std::atoll(row[0]->c_str()), *row[1],
                     row[2] == "up" ? Direction::up : Direction::down, std::atoi(row[3]->c_str()),
                     row[4] == "t"});
  }
  return found;
}

// The transactions that wrote the rows tell their order (xmin), and a row of the log that was
// written in the same one tells that it was pgseed. A system column's entry in the catalogue stays
// as CREATE TABLE made it.
WrittenSince MigrationLog::since(pg::Session& session, std::int64_t mark) const {
  WrittenSince since;
  const std::string table = session.literal(version_table_);
  const std::string written =
      text("(SELECT xmin AS by FROM pgseed.migration_log WHERE id = ", mark, ") AS mark");
  for (const pg::Row& row : session.query(
           text("SELECT DISTINCT rev FROM pgseed.migration_log WHERE ok AND direction IN ('up', "
                "'down') AND version_table = ",
                table, " AND id > ", mark, " ORDER BY rev"))) {
    since.runs.push_back(*row[0]);
  }
  const auto is_old = session.query(
      text("SELECT FROM pg_catalog.pg_attribute AS a, ", written,
           " WHERE a.attrelid = pg_catalog.to_regclass(", table,
           ") AND a.attname = 'ctid' AND pg_catalog.age(a.xmin) >= pg_catalog.age(mark.by)"));
  since.new_table = is_old.empty();
  if (since.new_table) return since;
  for (const pg::Row& row : session.query(
           text("SELECT v.version_num FROM ", version_table_, " AS v, ", written,
                " WHERE pg_catalog.age(v.xmin) < pg_catalog.age(mark.by) AND NOT EXISTS (SELECT "
                "FROM pgseed.migration_log AS l WHERE l.ok AND l.version_table = ",
                table, " AND l.xmin = v.xmin) ORDER BY 1"))) {
    since.rows.push_back(row[0].value_or(""));
  }
  return since;
}

void MigrationLog::end_mark(pg::Session& session, std::int64_t id, const std::string& why) const {
  session.execute(
      text("UPDATE pgseed.migration_log SET ok = false, finished = clock_timestamp(), running = "
           "false, sqlstate = NULL, error = ",
           session.literal(why), " WHERE ok IS NULL AND id = ", id));
}

bool MigrationLog::is_finished(pg::Session& session, std::int64_t id) const {
  return !session.query(text("SELECT FROM pgseed.migration_log WHERE ok AND id = ", id)).empty();
}

std::vector<std::string> MigrationLog::applied(pg::Session& session) const {
  std::vector<std::string> ids;
  const std::string table = session.literal(version_table_);
  for (const pg::Row& row : session.query(text(
           "SELECT rev FROM (SELECT DISTINCT ON (rev) rev, direction FROM "
           "pgseed.migration_log WHERE ok AND direction IN ('up', 'down') AND version_table = ",
           table,
           " AND id > (SELECT coalesce(max(id), 0) FROM pgseed.migration_log WHERE direction = "
           "'stamp' AND version_table = ",
           table, ") ORDER BY rev, id DESC) AS newest WHERE direction = 'up' ORDER BY rev"))) {
    ids.push_back(*row[0]);
  }
  return ids;
}

std::vector<std::string> MigrationLog::unfinished(pg::Session& session) const {
  std::vector<std::string> ids;
  for (const pg::Row& row : session.query(
           text("SELECT rev FROM (SELECT DISTINCT ON (rev) * FROM pgseed.migration_log WHERE "
                "direction IN ('up', 'down') AND version_table = ",
                session.literal(version_table_),
                " ORDER BY rev, id DESC) AS newest WHERE ok IS NULL ORDER BY rev"))) {
    ids.push_back(*row[0]);
  }
  return ids;
}

void MigrationLog::forget_unfinished(pg::Session& session, const std::string& id) const {
  session.execute(
      text("UPDATE pgseed.migration_log SET ok = false, finished = clock_timestamp() "
           "WHERE ok IS NULL AND version_table = ",
           session.literal(version_table_), " AND rev = ", session.literal(id)));
}

void MigrationLog::drop(pg::Session& session) const {
  session.execute(text("DELETE FROM pgseed.migration_log WHERE version_table = ",
                       session.literal(version_table_)));
  const auto rows = session.query(
      "SELECT EXISTS (SELECT FROM pgseed.migration_log), (SELECT count(*) FROM pg_catalog.pg_class "
      "WHERE relnamespace = 'pgseed'::regnamespace AND relkind NOT IN ('i', 'S'))");
  if (rows.front()[0] == "t") return;
  session.execute("DROP TABLE pgseed.migration_log");
  if (rows.front()[1] == "1") session.execute("DROP SCHEMA pgseed");
}

}  // namespace pgseed::migrate
