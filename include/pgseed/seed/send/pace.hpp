#pragma once
// How much the server is asked to do at a time. Pure: it is told of every answer, and tells how
// many requests may be under way and how many rows a batch may have.
//
//   width  starts low and doubles with every round of accepted answers until something speaks
//          against it; from then on one more a round, while answers come about as fast as the best.
//          Refused for want of room, timed out, or twice as slow: half of it. Never above the
//          ceiling, never below one.
//   rows   of a table: half of what was too much for one statement or took long; a sixteenth more
//          with every batch that is borne.
//
// A round is as many answers as the width. What was under way when the width fell does not count
// any more: it tells what is known already.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace pgseed::seed {

enum class Reception {
  accepted,
  crowded,  // no room for it: a pool, a rate limit, a gateway that gave up waiting
  other,    // says nothing about how much the server can bear
};

// By the status and code of an answer; timed_out: there was none within the time limit.
Reception reception_of(int status, std::string_view code, bool accepted, bool timed_out);

class Pace {
 public:
  explicit Pace(std::size_t ceiling);

  std::size_t width() const { return width_; }
  std::size_t ceiling() const { return ceiling_; }

  // A request goes out. The number comes back with its answer.
  std::uint64_t start() { return next_ticket_++; }

  struct Answer {
    std::uint64_t ticket = 0;
    Reception reception = Reception::other;
    std::size_t table = 0;
    std::size_t rows = 0;
    std::size_t bytes = 0;
    std::chrono::milliseconds took{0};
  };
  struct Change {
    std::size_t from, to;
    bool slower;  // of a fall: because answers take longer, not because of a refusal
  };
  // The change of the width that the answer brings about, if any.
  std::optional<Change> answered(const Answer& answer);

  // That many rows were too much for one statement.
  void was_too_much(std::size_t table, std::size_t rows);
  // Rows per batch that the server has shown to bear; unset while it bears everything.
  std::optional<std::size_t> bearable_rows(std::size_t table) const;

 private:
  // Of one table, in nanoseconds a byte: rows of another one may be harder work.
  struct Speed {
    std::size_t largest = 0;  // body seen so far; much smaller ones are not compared with it
    double best = 0;          // 0: unknown
  };
  struct Bearable {
    std::size_t now = 0;
    std::size_t before = 0;  // the size that was too much first
  };

  void was_borne(const Answer& answer);
  void take_time(const Answer& answer);
  std::optional<Change> end_round();
  std::optional<Change> set_width(std::size_t width, bool slower);
  std::optional<Change> fall(bool slower);

  std::size_t ceiling_;
  std::size_t width_;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t first_counted_ = 1;  // tickets below were sent before the last fall
  bool doubling_ = true;
  std::size_t answers_in_round_ = 0;
  std::size_t table_of_round_ = 0;
  double fastest_in_round_ = 0;                     // nanoseconds a byte; 0: none to compare
  std::chrono::milliseconds shortest_in_round_{0};  // of the same answers
  std::unordered_map<std::size_t, Speed> speeds_;
  std::unordered_map<std::size_t, Bearable> bearable_;
};

}  // namespace pgseed::seed
