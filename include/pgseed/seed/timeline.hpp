#pragma once
// What a run did when, in bounded memory, for the report: the time since its beginning in a few
// hundred slices of equal length, which grow as the run does.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pgseed::seed {

// Kinds of answers that are no success.
enum class Trouble {
  busy,      // try again later: no room, a restart, a deadlock
  lost,      // no answer, or one that tells nothing
  too_much,  // for one statement: the batch is halved
  refused,   // a row, or the whole run
};
constexpr std::size_t kTroubles = 4;

struct TimeSlice {
  // Stored and on the way: spread over the time that their requests took.
  double rows = 0, bytes = 0;
  std::uint32_t answers = 0;
  double took_sum = 0, took_least = 0, took_most = 0;  // seconds, of its answers
  std::array<std::uint32_t, kTroubles> troubles{};
  std::uint32_t least_width = 0, most_width = 0;  // requests at a time; 0: unknown

  TimeSlice& operator+=(const TimeSlice& later);
};

// One thing that went wrong, however often.
struct Incident {
  Trouble kind;
  int status = 0;
  std::string code, message;
  std::uint64_t count = 0;
  double first = 0, last = 0;  // seconds
};

struct Phase {
  std::string name;
  double begin = 0;  // seconds; the next one's begin is its end
};

class Timeline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kMostSlices = 256;
  static constexpr std::size_t kMostIncidents = 40;

  explicit Timeline(TimePoint begin) : begin_(begin) {}

  // From here on the run does this.
  void phase(TimePoint at, const std::string& name);
  // So many requests may be under way.
  void width(TimePoint at, std::size_t requests);
  // An answer to rows that are stored.
  void stored(TimePoint started, TimePoint ended, std::uint64_t rows, std::uint64_t bytes);
  // message: without values of rows; kinds beyond the most are only counted.
  void trouble(TimePoint at, Trouble kind, int status, const std::string& code,
               const std::string& message);

  const std::vector<Phase>& phases() const { return phases_; }
  const std::vector<TimeSlice>& slices() const { return slices_; }
  double slice_seconds() const;
  const std::vector<Incident>& incidents() const { return incidents_; }
  std::uint64_t troubles(Trouble kind) const;
  std::uint64_t answers() const { return answers_; }
  // Seconds that this share (0 to 1) of the answers to stored rows did not pass, within a tenth;
  // 0 without any.
  double took(double share) const;

 private:
  double seconds(TimePoint at) const;
  TimeSlice& slice(TimePoint at);

  TimePoint begin_;
  std::chrono::milliseconds slice_{10};
  std::vector<TimeSlice> slices_;
  std::vector<Phase> phases_;
  std::vector<Incident> incidents_;
  std::array<std::uint64_t, kTroubles> troubles_{};
  // Answers by their time: eight steps from each power of two of a millisecond to the next.
  std::array<std::uint64_t, 160> times_{};
  std::uint64_t answers_ = 0;
  double slowest_ = 0;
  std::uint32_t width_ = 0;
};

}  // namespace pgseed::seed
