#include "pgseed/seed/send/pace.hpp"

#include <algorithm>

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFirstWidth = 4;
// A server that answers this fast is not crowded, whatever it did before: the rest is noise.
constexpr milliseconds kShort{200};
// Roles of hosted servers have limits of a few seconds: a batch should stay well below.
constexpr milliseconds kLong{4'000};
constexpr double kNearBest = 1.5;
constexpr double kSlow = 2.0;

}  // namespace

Reception reception_of(int status, std::string_view code, bool accepted, bool timed_out) {
  if (accepted) return Reception::accepted;
  // 53: out of connections, memory or disk.
  const bool crowded = timed_out || status == 429 || status == 503 || status == 504 ||
                       code == "PGRST003" || code.starts_with("53");
  return crowded ? Reception::crowded : Reception::other;
}

Pace::Pace(std::size_t ceiling)
    : ceiling_(std::max<std::size_t>(1, ceiling)), width_(std::min(ceiling_, kFirstWidth)) {}

std::optional<Pace::Change> Pace::set_width(std::size_t width, bool slower) {
  answers_in_round_ = 0;
  fastest_in_round_ = 0;
  const std::size_t before = width_;
  width_ = std::clamp<std::size_t>(width, 1, ceiling_);
  if (width_ == before) return {};
  return Change{before, width_, slower};
}

std::optional<Pace::Change> Pace::fall(bool slower) {
  doubling_ = false;
  first_counted_ = next_ticket_;
  return set_width(width_ / 2, slower);
}

std::optional<Pace::Change> Pace::answered(const Answer& answer) {
  if (answer.reception == Reception::accepted) was_borne(answer);
  if (answer.ticket < first_counted_) return {};
  if (answer.reception == Reception::crowded) return fall(false);
  if (answer.reception != Reception::accepted) return {};
  take_time(answer);
  return ++answers_in_round_ < width_ ? std::nullopt : end_round();
}

void Pace::take_time(const Answer& answer) {
  if (answers_in_round_ == 0 || answer.table != table_of_round_) {
    table_of_round_ = answer.table;
    fastest_in_round_ = 0;
  }
  Speed& speed = speeds_[answer.table];
  if (answer.bytes > 2 * speed.largest) speed.best = 0;  // of another size, and not comparable
  speed.largest = std::max(speed.largest, answer.bytes);
  if (answer.bytes == 0 || answer.bytes < speed.largest / 2) return;
  const double each = static_cast<double>(std::max<long long>(1, answer.took.count())) * 1e6 /
                      static_cast<double>(answer.bytes);
  if (fastest_in_round_ > 0 && each >= fastest_in_round_) return;
  fastest_in_round_ = each;
  shortest_in_round_ = answer.took;
}

// The fastest answer of a round is judged: one slow answer says nothing, all of them do.
std::optional<Pace::Change> Pace::end_round() {
  Speed& speed = speeds_[table_of_round_];
  const double fastest = fastest_in_round_;
  const bool known = fastest > 0 && speed.best > 0 && shortest_in_round_ > kShort;
  if (known && fastest > kSlow * speed.best) {
    // If it is not the crowd that makes it slow, this is the new best: it falls no further.
    speed.best = fastest;
    return fall(true);
  }
  if (fastest > 0 && (speed.best == 0 || fastest < speed.best)) speed.best = fastest;
  if (known && fastest > kNearBest * speed.best) {
    doubling_ = false;
    return set_width(width_, false);
  }
  return set_width(doubling_ ? width_ * 2 : width_ + 1, false);
}

std::optional<std::size_t> Pace::bearable_rows(std::size_t table) const {
  const auto found = bearable_.find(table);
  if (found == bearable_.end()) return {};
  return found->second.now;
}

void Pace::was_too_much(std::size_t table, std::size_t rows) {
  Bearable& bearable = bearable_.try_emplace(table, Bearable{rows, rows}).first->second;
  bearable.now = std::max<std::size_t>(1, std::min(bearable.now, rows / 2));
  speeds_.erase(table);  // of larger batches
}

// One slow row shall not slow down all that follow: what was borne counts, and it grows slowly.
void Pace::was_borne(const Answer& answer) {
  if (answer.took > kLong && answer.rows > 1) return was_too_much(answer.table, answer.rows);
  const auto found = bearable_.find(answer.table);
  if (found == bearable_.end() || answer.rows < found->second.now) return;
  if (answer.took > kLong / 2) return;
  Bearable& bearable = found->second;
  bearable.now = std::max(bearable.now + bearable.now / 16 + 1, answer.rows);
  if (bearable.now >= bearable.before) bearable_.erase(found);
}

}  // namespace pgseed::seed
