#include "pgseed/seed/timeline.hpp"

#include <algorithm>
#include <cmath>

namespace pgseed::seed {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;

}  // namespace

TimeSlice& TimeSlice::operator+=(const TimeSlice& later) {
  rows += later.rows;
  bytes += later.bytes;
  if (later.answers > 0) {
    took_least = answers == 0 ? later.took_least : std::min(took_least, later.took_least);
    took_most = std::max(took_most, later.took_most);
  }
  answers += later.answers;
  took_sum += later.took_sum;
  for (std::size_t kind = 0; kind < kTroubles; ++kind) troubles[kind] += later.troubles[kind];
  if (later.least_width > 0) {
    least_width = least_width == 0 ? later.least_width : std::min(least_width, later.least_width);
  }
  most_width = std::max(most_width, later.most_width);
  return *this;
}

double Timeline::seconds(TimePoint at) const {
  return std::max(0.0, duration<double>(at - begin_).count());
}

double Timeline::slice_seconds() const {
  return duration<double>(slice_).count();
}

TimeSlice& Timeline::slice(TimePoint at) {
  const auto since = std::max(TimePoint::duration(0), at - begin_);
  while (since >= slice_ * static_cast<int>(kMostSlices)) {
    slice_ *= 2;
    const std::size_t half = (slices_.size() + 1) / 2;
    for (std::size_t index = 0; index < half; ++index) {
      TimeSlice both = slices_[2 * index];
      if (2 * index + 1 < slices_.size()) both += slices_[2 * index + 1];
      slices_[index] = both;
    }
    slices_.resize(half);
  }
  const auto index = static_cast<std::size_t>(since / slice_);
  while (slices_.size() <= index) {
    slices_.emplace_back();
    slices_.back().least_width = slices_.back().most_width = width_;
  }
  return slices_[index];
}

void Timeline::phase(TimePoint at, const std::string& name) {
  if (phases_.empty() || phases_.back().name != name) phases_.push_back({name, seconds(at)});
}

void Timeline::width(TimePoint at, std::size_t requests) {
  TimeSlice& here = slice(at);
  width_ = static_cast<std::uint32_t>(requests);
  here.least_width = here.least_width == 0 ? width_ : std::min(here.least_width, width_);
  here.most_width = std::max(here.most_width, width_);
}

void Timeline::stored(TimePoint started, TimePoint ended, std::uint64_t rows, std::uint64_t bytes) {
  const double took = std::max(0.0, duration<double>(ended - started).count());
  TimeSlice& last = slice(ended);
  last.took_least = last.answers == 0 ? took : std::min(last.took_least, took);
  last.took_most = std::max(last.took_most, took);
  last.took_sum += took;
  ++last.answers;
  slowest_ = std::max(slowest_, took);
  ++answers_;
  const double step = took <= 0.001 ? 0 : std::log2(took * 1000) * 8;
  ++times_[std::min(times_.size() - 1, static_cast<std::size_t>(step))];

  const double length = slice_seconds();
  const double from = seconds(started), to = std::max(seconds(ended), from + 1e-9);
  const auto first = static_cast<std::size_t>(from / length);
  for (std::size_t index = first; index < slices_.size(); ++index) {
    const double begin = static_cast<double>(index) * length;
    const double share = (std::min(to, begin + length) - std::max(from, begin)) / (to - from);
    if (share <= 0) continue;
    slices_[index].rows += share * static_cast<double>(rows);
    slices_[index].bytes += share * static_cast<double>(bytes);
  }
}

void Timeline::trouble(TimePoint at, Trouble kind, int status, const std::string& code,
                       const std::string& message) {
  ++slice(at).troubles[static_cast<std::size_t>(kind)];
  ++troubles_[static_cast<std::size_t>(kind)];
  const auto same = [&](const Incident& other) {
    return other.kind == kind && other.status == status && other.code == code &&
           other.message == message;
  };
  auto found = std::find_if(incidents_.begin(), incidents_.end(), same);
  if (found == incidents_.end()) {
    if (incidents_.size() >= kMostIncidents) return;
    incidents_.push_back({kind, status, code, message, 0, seconds(at), 0});
    found = incidents_.end() - 1;
  }
  ++found->count;
  found->last = seconds(at);
}

std::uint64_t Timeline::troubles(Trouble kind) const {
  return troubles_[static_cast<std::size_t>(kind)];
}

double Timeline::took(double share) const {
  if (answers_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(answers_)));
  std::uint64_t seen = 0;
  for (std::size_t step = 0; step < times_.size(); ++step) {
    seen += times_[step];
    if (seen >= std::max<std::uint64_t>(1, wanted)) {
      return std::min(slowest_, std::exp2(static_cast<double>(step + 1) / 8) / 1000);
    }
  }
  return 0;
}

}  // namespace pgseed::seed
