#include "pgseed/seed/move/staged_rows.hpp"

#include <algorithm>

namespace pgseed::seed {
namespace {

// So many steps are walked at most to find a row.
constexpr std::size_t kStepsOfAMark = 128;

// Steps of more lines are written in full; one bit of theirs is needed.
constexpr std::uint64_t kMostLines = std::uint64_t{1} << 62;

void append_number(std::string& out, std::uint64_t number) {  // LEB128
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

std::uint64_t read_number(const std::string& in, std::size_t& at) {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(in[at++]);
    number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return number;
  }
}

}  // namespace

void StagedRows::add(std::uint64_t number, const ColumnSet& set, std::size_t file,
                     std::uint64_t line) {
  ++count_;
  sum_ += number;
  if (!runs_.empty() && runs_.back().set == &set) {
    runs_.back().last = number;
  } else {
    runs_.push_back({number, number, &set});
  }
  const bool is_marked = marks_.empty() || marks_.back().file != file || line < last_line_ ||
                         steps_of_mark_ >= kStepsOfAMark;
  if (is_marked) {
    write_step();
    steps_of_mark_ = 0;
    marks_.push_back({number, line, steps_.size(), file});
  } else {
    const Step step = {1, number - last_number_, line - last_line_};
    if (step_.times > 0 && step_.number == step.number && step_.line == step.line) {
      ++step_.times;
    } else {
      write_step();
      step_ = step;
      ++steps_of_mark_;
    }
  }
  last_number_ = number;
  last_line_ = line;
}

void StagedRows::write_step() {
  if (step_.times == 0) return;
  // An even number: the next row, so many half lines further on. An odd one begins three.
  if (step_.times == 1 && step_.number == 1 && step_.line < kMostLines) {
    append_number(steps_, step_.line << 1);
  } else {
    append_number(steps_, step_.times << 1 | 1);
    append_number(steps_, step_.number);
    append_number(steps_, step_.line);
  }
  step_ = {};
}

void StagedRows::clear() {
  *this = StagedRows();
}

const ColumnSet& StagedRows::set_of(std::uint64_t number) const {
  const auto run = std::ranges::lower_bound(runs_, number, {}, &Run::last);
  return *run->set;
}

std::optional<RowPlace> StagedRows::place_of(std::uint64_t number) const {
  const auto behind =
      std::upper_bound(marks_.begin(), marks_.end(), number,
                       [](std::uint64_t wanted, const Mark& mark) { return wanted < mark.number; });
  if (behind == marks_.begin()) return {};
  const Mark& mark = *(behind - 1);
  std::uint64_t at = mark.number, line = mark.line;
  if (at == number) return RowPlace{mark.file, line};
  // Goes on to the number, or to the step's end; true if nothing behind it can be asked for.
  const auto go = [&](const Step& step) {
    const std::uint64_t times = std::min((number - at) / step.number, step.times);
    at += times * step.number;
    line += times * step.line;
    return at == number || times < step.times;
  };
  const std::size_t end = behind == marks_.end() ? steps_.size() : behind->steps;
  bool stops = false;
  for (std::size_t from = mark.steps; from < end && !stops;) {
    const std::uint64_t head = read_number(steps_, from);
    Step step = {1, 1, head >> 1};
    if (head % 2 == 1) {
      step.times = head >> 1;
      step.number = read_number(steps_, from);
      step.line = read_number(steps_, from);
    }
    stops = go(step);
  }
  if (!stops && behind == marks_.end() && step_.times > 0) go(step_);
  if (at != number) return {};
  return RowPlace{mark.file, line};
}

}  // namespace pgseed::seed
