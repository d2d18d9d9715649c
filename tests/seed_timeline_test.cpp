// What a run did when, whatever its length, in a bounded number of slices.
#include "pgseed/seed/timeline.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace pgseed::seed;
using namespace std::chrono_literals;

namespace {

const Timeline::TimePoint kBegin{std::chrono::hours(5)};

TimeSlice sum(const Timeline& timeline) {
  TimeSlice all;
  for (const TimeSlice& each : timeline.slices()) all += each;
  return all;
}

bool close(double left, double right) {
  return std::abs(left - right) < 1e-6 * (1 + right);
}

}  // namespace

TEST_CASE("timeline: rows are spread over the time that their request took") {
  Timeline timeline(kBegin);
  timeline.stored(kBegin + 15ms, kBegin + 35ms, 100, 1000);
  const auto& slices = timeline.slices();
  REQUIRE(slices.size() == 4);
  CHECK(close(slices[0].rows, 0));
  CHECK(close(slices[1].rows, 25));
  CHECK(close(slices[2].rows, 50));
  CHECK(close(slices[3].rows, 25));
  CHECK(close(slices[2].bytes, 500));
  CHECK(slices[3].answers == 1);
  CHECK(close(slices[3].took_most, 0.020));
}

TEST_CASE("timeline: nothing is lost when slices grow, for runs of a blink or a day") {
  struct {
    std::chrono::milliseconds step;
    int answers;
  } cases[] = {{0ms, 3}, {1ms, 100}, {30ms, 1000}, {500ms, 2000}, {60s, 1440}};
  for (const auto& c : cases) {
    CAPTURE(c.step.count());
    Timeline timeline(kBegin);
    for (int n = 0; n < c.answers; ++n) {
      const auto at = kBegin + c.step * n;
      timeline.stored(at, at + 40ms, 7, 70);
      if (n % 3 == 0) timeline.trouble(at, Trouble::busy, 503, "PGRST000", "away");
    }
    CHECK(timeline.slices().size() <= Timeline::kMostSlices);
    const TimeSlice all = sum(timeline);
    CHECK(close(all.rows, 7.0 * c.answers));
    CHECK(close(all.bytes, 70.0 * c.answers));
    CHECK(all.answers == static_cast<std::uint32_t>(c.answers));
    CHECK(all.troubles[0] == static_cast<std::uint32_t>((c.answers + 2) / 3));
    CHECK(close(all.took_least, 0.040));
    CHECK(close(all.took_most, 0.040));
    const double covered = timeline.slice_seconds() * static_cast<double>(timeline.slices().size());
    const double last = std::chrono::duration<double>(c.step * (c.answers - 1) + 40ms).count();
    CHECK(covered >= last);
  }
}

TEST_CASE(
    "timeline: an answer that is older than everything, or from before the beginning, counts") {
  Timeline timeline(kBegin);
  timeline.stored(kBegin - 10ms, kBegin - 5ms, 5, 5);
  timeline.stored(kBegin, kBegin + 100s, 10, 10);
  CHECK(close(sum(timeline).rows, 15));
  CHECK(timeline.answers() == 2);
}

TEST_CASE("timeline: the same trouble is one incident with its count and times") {
  Timeline timeline(kBegin);
  timeline.trouble(kBegin + 1s, Trouble::busy, 503, "PGRST000", "away");
  timeline.trouble(kBegin + 3s, Trouble::busy, 503, "PGRST000", "away");
  timeline.trouble(kBegin + 2s, Trouble::lost, 0, "", "Empty reply");
  REQUIRE(timeline.incidents().size() == 2);
  CHECK(timeline.incidents()[0].count == 2);
  CHECK(timeline.incidents()[0].first == 1);
  CHECK(timeline.incidents()[0].last == 3);
  CHECK(timeline.troubles(Trouble::busy) == 2);
  CHECK(timeline.troubles(Trouble::lost) == 1);
  for (int n = 0; n < 1000; ++n) {
    timeline.trouble(kBegin, Trouble::refused, 400, "P0001", std::to_string(n));
  }
  CHECK(timeline.incidents().size() == Timeline::kMostIncidents);
  CHECK(timeline.troubles(Trouble::refused) == 1000);
}

TEST_CASE("timeline: the width between two changes is known in every slice") {
  Timeline timeline(kBegin);
  timeline.width(kBegin, 4);
  timeline.width(kBegin + 55ms, 8);
  timeline.width(kBegin + 58ms, 2);
  timeline.stored(kBegin + 90ms, kBegin + 95ms, 1, 1);
  const auto& slices = timeline.slices();
  REQUIRE(slices.size() == 10);
  CHECK(slices[3].least_width == 4);
  CHECK(slices[3].most_width == 4);
  CHECK(slices[5].least_width == 2);
  CHECK(slices[5].most_width == 8);
  CHECK(slices[8].most_width == 2);
}

TEST_CASE("timeline: how long answers took, as shares of them") {
  Timeline timeline(kBegin);
  CHECK(timeline.took(0.5) == 0);
  for (int n = 0; n < 95; ++n) timeline.stored(kBegin, kBegin + 100ms, 1, 1);
  for (int n = 0; n < 5; ++n) timeline.stored(kBegin, kBegin + 3s, 1, 1);
  CHECK(timeline.took(0.5) >= 0.100);
  CHECK(timeline.took(0.5) <= 0.110);
  CHECK(timeline.took(0.95) <= 0.110);
  CHECK(timeline.took(0.99) >= 3.0);
  CHECK(timeline.took(1.0) <= 3.3);
}
