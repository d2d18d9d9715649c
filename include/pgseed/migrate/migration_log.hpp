#pragma once
// pgseed.migration_log: what ran when, from which text, and how far a transaction:false section
// came. Optional: without it migrations work, but such a section cannot be resumed and changed
// files are not noticed. README, "The migration log, version 1".
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/migrate/plan.hpp"
#include "pgseed/migrate/revision.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::migrate {

// A transaction:false section that did not come to its end.
struct Unfinished {
  std::int64_t id = 0;  // of the log row
  int steps = 0;        // statements that are done
  std::string steps_sha256;
  bool was_running = false;  // the process died during statement steps + 1
  // That statement can COMMIT by itself: how much of it stands, nobody knows.
  bool in_block = false;
};

// The same as it is found later: a section that broke off and of which something stands.
struct HalfWayMark {
  std::int64_t id = 0;  // of the log row
  std::string revision;
  Direction direction = Direction::up;
  int steps = 0;          // statements that are done
  bool in_block = false;  // as above
};

// What happened since such a mark was last written.
struct WrittenSince {
  std::vector<std::string> runs;  // revisions that were run to their end, either way
  // Rows of the version table from hands that keep no log: Alembic, a script of --sql, psql.
  std::vector<std::string> rows;
  bool new_table = false;  // the version table was dropped, and perhaps made anew
};

struct AppliedChecksums {
  std::string upgrade, downgrade;  // sha256; empty if the section was missing
};

// True if a section of the file is not the one that was applied.
bool differs(const Revision& revision, const AppliedChecksums& applied);

class MigrationLog {
 public:
  // version_table: qualified, tells the logs of several projects in one database apart.
  explicit MigrationLog(std::string version_table) : version_table_(std::move(version_table)) {}

  // Creates schema and table where they are missing, in the transaction at hand. False, with
  // nothing done, where the role may not.
  bool create(pg::Session& session) const;

  // One finished step, in the transaction that also writes the version table.
  void add(pg::Session& session, const Revision& revision, Direction direction,
           std::chrono::system_clock::time_point started) const;
  // `stamp`: the rows were set without running anything.
  void add_stamp(pg::Session& session, const std::string& rows) const;
  // A step that was rolled back.
  void add_failure(pg::Session& session, const Revision& revision, Direction direction,
                   const std::string& sqlstate, const std::string& error) const;

  // --- transaction:false sections
  // The last COMMIT of a run that was killed may take effect after the next run has begun. So the
  // row of the section is found or made under a lock, and moved on only from where it is believed
  // to stand.

  // Goes on with the row of the section that broke off, or begins one (steps 0), in the transaction
  // at hand, and waits for a COMMIT that concerns it: whatever decided that the section is to run
  // must be looked at again behind this. Nullopt while another run does the same: try again.
  std::optional<Unfinished> open(pg::Session& session, const Revision& revision,
                                 Direction direction) const;
  // The section's row if it broke off in its last run.
  std::optional<Unfinished> find_unfinished(pg::Session& session, const std::string& id,
                                            Direction direction) const;
  // Before a statement that runs on its own: it may or may not have happened if nothing follows.
  // is_block: it can COMMIT by itself, so that a failure leaves it running as well.
  // False if the row has moved on.
  [[nodiscard]] bool note_running(pg::Session& session, std::int64_t id, int steps,
                                  bool is_block) const;
  [[nodiscard]] bool note_step(pg::Session& session, std::int64_t id, int from, int to,
                               const std::string& steps_sha256) const;
  void note_failure(pg::Session& session, std::int64_t id, const std::string& sqlstate,
                    const std::string& error) const;
  void finish(pg::Session& session, std::int64_t id) const;

  // The checksums that each revision had when it was last applied.
  std::map<std::string, AppliedChecksums> checksums(pg::Session& session) const;
  // Takes the files' checksums from now on.
  void accept(pg::Session& session, const Revision& revision) const;
  // The sections that stopped half-way, by revision; of a run that is under way as well.
  std::vector<HalfWayMark> marks(pg::Session& session) const;
  WrittenSince since(pg::Session& session, std::int64_t mark) const;
  // The mark does not hold any more, and this is why.
  void end_mark(pg::Session& session, std::int64_t id, const std::string& why) const;
  bool is_finished(pg::Session& session, std::int64_t id) const;
  // Revisions whose last run did not come to its end, also where nothing stands of it.
  std::vector<std::string> unfinished(pg::Session& session) const;
  // Forgets that, after the rest was done or undone by hand.
  void forget_unfinished(pg::Session& session, const std::string& id) const;
  // What is applied as far as the log knows: run to the end since the rows were last set by hand,
  // and not taken down since. By id.
  std::vector<std::string> applied(pg::Session& session) const;
  // Drops the part of this version table, and schema pgseed if nothing else is in it.
  void drop(pg::Session& session) const;

 private:
  std::int64_t begin(pg::Session& session, const Revision& revision, Direction direction) const;

  std::string version_table_;
};

}  // namespace pgseed::migrate
