#pragma once
// What a seeding run did: the numbers behind the table on the terminal and the JSON summary.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/verify/verify.hpp"

namespace pgseed::seed {

class Timeline;

// Always read = loaded + ignored + rejected + skipped + in_doubt.
struct Counts {
  std::uint64_t read = 0;  // taken from the file after --limit, --offset, --table
  std::uint64_t loaded = 0;
  std::uint64_t ignored = 0;   // duplicates left alone
  std::uint64_t rejected = 0;  // the server said no
  std::uint64_t skipped = 0;   // not sent, for a reason
  std::uint64_t in_doubt = 0;  // nobody can tell
  // Of those: counted by what an earlier run proved; skipped because they were stored like this.
  std::uint64_t resumed = 0;
  std::uint64_t unchanged = 0;

  Counts& operator+=(const Counts& other);
  bool add_up() const { return read == loaded + ignored + rejected + skipped + in_doubt; }
};

struct TableReport {
  TableName table;
  Counts counts;
  std::uint64_t superseded = 0;  // of the skipped: an earlier row of a key that comes again
  std::uint64_t null_keys = 0;   // of the stored: with NULL in the conflict target
};

// What a run with a conflict target should tell of its tables, a sentence each.
std::vector<std::string> notes_on_keys(const std::vector<TableReport>& tables);

struct FileReport {
  std::string path;
  std::uint64_t bytes = 0;
  std::string dialect;
};

// A refused row, for people.
struct Reject {
  std::string file;
  std::uint64_t line = 0;
  std::uint64_t row = 0;  // its number in the run, from 1
  TableName table;
  std::string code, message;  // the message may quote the row
};

// The fewest and the most requests that were allowed at a time.
struct WidthRange {
  std::size_t least = 0, most = 0;
};

// A sequence that was behind the values of its column.
struct SequenceReport {
  std::string sequence;  // as SQL names it
  std::string column;    // "public.t.id"
  long long before = 0;  // the value that it would have given out next
  long long after = 0;
};

// How the rows of a run travelled.
enum class Carrier {
  unknown,  // it ended before that was decided
  rest,     // over PostgREST
  staging,  // over PostgREST into staging tables, from there in one transaction
  direct,   // over the direct connection, in one transaction
};
const char* name(Carrier carrier);  // "unknown", "rest", ...

struct Report {
  Carrier carrier = Carrier::unknown;
  // What PostgREST could not carry, where the run took the direct connection of its own accord;
  // else empty.
  std::string carried_because;
  bool has_expressions = false;  // the database computes rows, which no file can be compared with
  std::vector<FileReport> files;
  std::vector<TableReport> tables;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  std::uint64_t bytes_sent = 0;
  double seconds = 0;
  std::string target;        // URL without secrets
  std::string rejects_file;  // empty: none was written
  std::vector<SequenceReport> sequences;
  std::optional<VerifyReport> verification;  // of --verify
  std::vector<std::string> notes;            // what the user should know, one sentence each
  bool is_up_to_date = false;                // --if-changed: nothing had to be done
  bool can_go_on = false;                    // an interrupted run: there is a ledger
  bool is_unchanged = false;                 // no table was changed, whatever the counts say
  // To be called once the user was told that all is done; may be empty. Throws Error{storage}. A
  // run that is killed before has its end told by the next one.
  std::function<void()> settle;
  std::optional<Error> error;   // what ended the run early, or why its exit code is not 0
  int signal = 0;               // SIGINT or SIGTERM if one ended the run
  std::vector<Reject> rejects;  // the first kMostRejects of them, in the order of the files
  WidthRange widths;
  std::shared_ptr<const Timeline> timeline;  // may be missing
  static constexpr std::size_t kMostRejects = 100;

  // Takes in a stop request, if there was one: a signal, or the end of the time, which is an error
  // unless there is another. doing: what the run was at.
  void take_stop_request(std::string_view doing);
  // The error, or the signal as one; nothing after a run that came to its end.
  std::optional<Error> end() const;
  // What to do after a signal.
  std::string next_step() const;
  Counts totals() const;
  int exit_code() const;
};

// The note on statements of the files that set sequences, none of which is run. are_set: the run
// sets the sequences itself, over a direct connection.
std::string sequences_passed_over(std::uint64_t statements, bool are_set);

// Seen while the run goes on; called between batches, in the run's own thread.
class Observer {
 public:
  struct Progress {
    std::uint64_t rows_read = 0;
    std::uint64_t rows_done = 0;
    std::uint64_t rows_total = 0;  // 0: unknown
    std::uint64_t bytes_sent = 0;
    double seconds = 0;
  };
  virtual ~Observer() = default;
  virtual void progress(const Progress& progress) = 0;
  // One line for people: a retry, a note. Level 0 always, 1 with -v, 2 with -vv.
  virtual void note(int level, const std::string& line) = 0;
};

}  // namespace pgseed::seed
