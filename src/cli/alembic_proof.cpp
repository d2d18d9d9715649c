#include "pgseed/cli/alembic_proof.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/cli/scratch_database.hpp"
#include "pgseed/migrate/version_table.hpp"
#include "pgseed/pg/contents.hpp"
#include "pgseed/pg/snapshot.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::cli {
namespace {

using migrate::Graph;
using migrate::Node;

struct Silent : migrate::ExecutorObserver {
  void step_begins(const migrate::Step&) override {}
  void note(const std::string&) override {}
};

// What a statement of the text does to roles, databases or tablespaces, a scratch database does not
// keep from the others of its server. Cautious: comments and strings count as well.
bool reaches_beyond(std::string_view sql) {
  std::string words = " ";
  for (const char c : sql) {
    const bool is_blank = static_cast<unsigned char>(c) <= ' ' || c == ';' || c == '"';
    if (!is_blank || words.back() != ' ') words += is_blank ? ' ' : c;
  }
  words = to_upper(words) + ' ';
  for (const char* const verb : {"CREATE", "ALTER", "DROP", "REASSIGN"}) {
    for (const char* const what : {"ROLE", "USER", "GROUP", "DATABASE", "TABLESPACE", "OWNED"}) {
      if (contains(words, text(verb, ' ', what, ' '))) return true;
    }
  }
  return false;
}

// A database with Alembic's doing, and one with ours.
class TwoWays {
 public:
  TwoWays(MigrateProject& project, const AlembicProject& alembic,
          const migrate::VersionTableName& version_table, const Graph& graph)
      : alembic_(alembic),
        version_table_(version_table),
        graph_(graph),
        their_database_(project.database_url()),
        our_database_(project.database_url()),
        theirs_(their_database_.url()) {
    migrate::ExecutorOptions options = project.executor_options();
    options.version_table = version_table;
    options.log = options.dry_run = options.single_transaction = false;
    options.delegate = nullptr;
    if (version_table.schema) {  // Alembic makes its table, not the schema for it
      const std::string make =
          text("CREATE SCHEMA IF NOT EXISTS ", quote_identifier(*version_table.schema));
      theirs_.execute(make);
      pg::Session(our_database_.url()).execute(make);
    }
    executor_.emplace(our_database_.url(), graph, std::move(options), silent_);
  }

  // A row that no file has makes `alembic current` fail by its name: only then it looks where it is
  // told to, and not at the project's own database. Else why it does not.
  std::optional<std::string> not_led_here() {
    const std::string table = migrate::to_sql(version_table_);
    theirs_.execute(migrate::create_version_table_sql(table, version_table_.table, true));
    theirs_.execute(text("INSERT INTO ", table, " VALUES ('pgseed_probe')"));
    const AlembicOutput answer = run({"current"});
    theirs_.execute(text("DROP TABLE ", table));
    if ((answer.out + answer.err).find("pgseed_probe") != std::string::npos) return std::nullopt;
    return text(
        "Alembic cannot be pointed at a scratch database; does env.py take its URL from "
        "DATABASE_URL or sqlalchemy.url?",
        answer.exit_code == 0 ? "" : " It says: " + failure_line(answer));
  }

  // What Alembic's failure says.
  std::optional<std::string> upgrade() {
    const AlembicOutput upgraded = run({"upgrade", "heads"});
    if (upgraded.exit_code != 0) {
      return text("alembic upgrade heads failed: ", failure_line(upgraded));
    }
    // As far as Alembic goes: it knows no .sql without a twin.
    for (const pg::Row& row :
         theirs_.query(text("SELECT version_num FROM ", migrate::to_sql(version_table_)))) {
      executor_->upgrade(*row[0]);
    }
    return std::nullopt;
  }

  std::optional<std::string> downgrade() {
    for (const Node node : migrate::applied(graph_, executor_->rows()).members()) {
      const migrate::Revision& revision = graph_[node];
      if (!revision.downgrade || revision.downgrade->options.irreversible) {
        return text("revision ", revision.id, " has no downgrade");
      }
      if (reaches_beyond(revision.downgrade->text)) {
        return text("the downgrade of revision ", revision.id,
                    " is about roles, databases or tablespaces, which are the whole server's");
      }
    }
    const AlembicOutput downgraded = run({"downgrade", "base"});
    if (downgraded.exit_code != 0) {
      return text("alembic downgrade base failed: ", failure_line(downgraded));
    }
    executor_->downgrade("base");
    return std::nullopt;
  }

  pg::Session& theirs() { return theirs_; }
  pg::Session& ours() { return executor_->session(); }
  pg::SnapshotOptions without_versions() const { return {{executor_->table().sql_name()}}; }

 private:
  AlembicOutput run(std::vector<std::string> arguments) const {
    return alembic_.online(their_database_.url(), std::move(arguments));
  }

  const AlembicProject& alembic_;
  const migrate::VersionTableName& version_table_;
  const Graph& graph_;
  Silent silent_;
  ScratchDatabase their_database_, our_database_;
  pg::Session theirs_;
  std::optional<migrate::Executor> executor_;
};

class Prover {
 public:
  Prover(MigrateProject& project, const AlembicProject& alembic,
         const migrate::VersionTableName& version_table)
      : project_(project),
        alembic_(alembic),
        version_table_(version_table),
        graph_(migrate::read_revisions(project.locations())) {}

  AlembicProof run() {
    if (!project_.config().database_url) {
      note("not proven: set DATABASE_URL to a server where databases may be created");
      return proof_;
    }
    try {
      first_ = make();
    } catch (const Error& error) {  // the files are written, and are none the worse for it
      note("not proven: " + error.message);
      return proof_;
    }
    auto failure = first_->not_led_here();
    if (!failure) failure = first_->upgrade();
    if (failure) {
      note("not proven: " + *failure);
      return proof_;
    }
    proof_.tried = true;
    compare("");
    if (!proof_.differences.empty()) return proof_;
    if (const auto why = first_->downgrade()) {
      note("the way back is not proven: " + *why);
      return proof_;
    }
    is_down_ = proof_.way_back = true;
    compare("after downgrade base: ");
    return proof_;
  }

 private:
  std::unique_ptr<TwoWays> make() {
    return std::make_unique<TwoWays>(project_, alembic_, version_table_, graph_);
  }

  void compare(const std::string& when) {
    const auto without = first_->without_versions();
    for (const std::string& line :
         pg::compare_snapshots(pg::read_snapshot(first_->theirs(), without),
                               pg::read_snapshot(first_->ours(), without))) {
      proof_.differences.push_back(when + line);
    }
    const auto theirs = pg::read_contents(first_->theirs(), without);
    const auto ours = pg::read_contents(first_->ours(), without);
    for (const pg::Contents& wanted : theirs) {
      const auto found = std::ranges::find(ours, wanted.title, &pg::Contents::title);
      // Else the catalogues have told.
      if (found != ours.end() && found->columns == wanted.columns) compare(when, wanted, *found);
    }
  }

  void compare(const std::string& when, const pg::Contents& wanted, const pg::Contents& found) {
    for (const std::string& why : {wanted.unreadable, found.unreadable}) {
      if (!why.empty()) return note(text("rows of ", wanted.title, " are not compared: ", why));
    }
    if (wanted.rows == found.rows && wanted.checksum == found.checksum &&
        wanted.is_populated == found.is_populated) {
      return;
    }
    std::string what;
    if (wanted.is_populated && found.is_populated) {
      const auto differing = differing_columns(wanted);
      if (!differing) return;
      what = wanted.rows != found.rows
                 ? text(wanted.rows, " -> ", found.rows)
                 : text("other values in ",
                        differing->empty() ? "the same columns" : join(*differing));
    } else {
      what = text(wanted.is_populated ? "" : "not ", "populated -> ",
                  found.is_populated ? "" : "not ", "populated");
    }
    proof_.differences.push_back(text(when, "changed: rows of ", wanted.title, ": ", what));
  }

  // Columns with other values here than there (none: other pairs of them). Unset where the
  // difference comes from what each run makes anew.
  std::optional<std::vector<std::string>> differing_columns(const pg::Contents& of) {
    const auto checksum = [&](pg::Session& session, const std::vector<std::string>& columns) {
      return pg::contents_checksum(session, of, columns);
    };
    const bool repeated = repeat();
    std::vector<std::string> fixed, differing, frozen, anew;
    for (const std::string& column : of.columns) {
      const std::string wanted = checksum(first_->theirs(), {column});
      const std::string found = checksum(first_->ours(), {column});
      if (!repeated || wanted == checksum(again_->theirs(), {column})) {
        fixed.push_back(column);
        if (wanted != found) differing.push_back(column);
        continue;
      }
      const bool is_frozen = found == checksum(again_->ours(), {column});
      (is_frozen ? frozen : anew).push_back(column);
      if (!is_filled_alike(of, column, is_frozen)) differing.push_back(column);
    }
    const std::string wanted = checksum(first_->theirs(), fixed);
    if (repeated && wanted != checksum(again_->theirs(), fixed)) {
      note(text("rows of ", of.title, " differ from one run of Alembic to the next: not compared"));
      return std::nullopt;
    }
    if (!differing.empty() || wanted != checksum(first_->ours(), fixed)) return differing;
    if (!frozen.empty()) {
      note(text("rows of ", of.title, ": Alembic fills ", join(frozen),
                " anew at each run, the .sql always with the same: see whether they may stay"));
    }
    if (!anew.empty()) {
      note(text("rows of ", of.title, ": made anew at each run, not compared: ", join(anew)));
    }
    return std::nullopt;
  }

  // Values that are made anew are there on both sides, and as many different ones; one transaction
  // has one now(), and we have more of them than Alembic.
  bool is_filled_alike(const pg::Contents& of, const std::string& column, bool is_frozen) {
    const pg::ColumnFill wanted = pg::column_fill(first_->theirs(), of, column);
    const pg::ColumnFill found = pg::column_fill(first_->ours(), of, column);
    return wanted.filled == found.filled && (!is_frozen || wanted.distinct == found.distinct);
  }

  // Everything once more, for what comes out another time. False where that fails.
  bool repeat() {
    if (!again_) {
      // A time that is cut to seconds is another one, too.
      std::this_thread::sleep_for(std::chrono::seconds(1));
      again_ = make();
      repeated_ = !again_->upgrade();
      is_again_down_ = false;
    }
    if (repeated_ && is_down_ && !is_again_down_) {
      repeated_ = !again_->downgrade();
      is_again_down_ = true;
    }
    return repeated_;
  }

  void note(std::string line) { proof_.notes.push_back(std::move(line)); }

  MigrateProject& project_;
  const AlembicProject& alembic_;
  const migrate::VersionTableName& version_table_;
  Graph graph_;
  std::unique_ptr<TwoWays> first_, again_;
  bool repeated_ = false, is_down_ = false, is_again_down_ = false;
  AlembicProof proof_;
};

}  // namespace

AlembicProof prove_import(MigrateProject& project, const AlembicProject& alembic,
                          const migrate::VersionTableName& version_table) {
  return Prover(project, alembic, version_table).run();
}

}  // namespace pgseed::cli
