#include "pgseed/cli/html_charts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/html_text.hpp"
#include "pgseed/cli/seed_figures.hpp"

namespace pgseed::cli {
namespace {

// Drawings are 1000 x 100, stretched to their box.
constexpr double kWidth = 1000;
constexpr double kHeight = 100;
// More columns than that nobody can tell apart on a phone.
constexpr std::size_t kMostColumns = 128;
constexpr std::uint64_t kFewestAnswers = 3;

std::string coordinate(double value) {
  std::string digits = fixed(value, "%.1f");
  if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
  return digits;
}

// "950", "41.2k", "1.5M".
std::string short_number(double number) {
  if (number < 1000)
    return fixed(number, number < 10 && number != std::floor(number) ? "%.1f" : "%.0f");
  const bool millions = number >= 1e6;
  const double scaled = number / (millions ? 1e6 : 1e3);
  std::string digits = fixed(scaled, scaled < 100 ? "%.1f" : "%.0f");
  if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
  return digits + (millions ? "M" : "k");
}

std::string duration(double seconds) {
  if (seconds <= 0) return "0";
  if (seconds < 0.01) return fixed(seconds * 1000, "%.1f ms");
  if (seconds < 1) return fixed(seconds * 1000, "%.0f ms");
  if (seconds < 10) {
    return fixed(seconds, seconds == std::floor(seconds) ? "%.0f s" : "%.1f s");
  }
  return short_time(seconds);
}

// The least of 1, 2, 3, 4, 5, 6, 8, 10, 20, ... that is not below the value: halves of them are
// plain, too.
double nice_ceiling(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1, 2, 3, 4, 5, 6, 8}) {
    if (step * power >= value * 0.999) return step * power;
  }
  return 10 * power;
}

// Steps of a time axis that people count in.
double time_step(double seconds) {
  if (seconds <= 60) return nice_ceiling(seconds / 6);
  for (const double step : {10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600}) {
    if (step * 7 >= seconds) return step;
  }
  return nice_ceiling(seconds / 6 / 86400) * 86400;
}

std::string tick_label(double at, double step) {
  if (at == 0) return "0";
  if (step < 1) return fixed(at, step < 0.01 ? "%.3f s" : step < 0.1 ? "%.2f s" : "%.1f s");
  if (at < 60 || step < 60) {
    const auto whole = static_cast<long long>(at);
    if (at < 60) return fixed(at, step == std::floor(step) ? "%.0f s" : "%.1f s");
    return text(whole / 60, ':', whole % 60 < 10 ? "0" : "", whole % 60);
  }
  const auto minutes = static_cast<long long>(at) / 60;
  if (at < 3600) return text(minutes, " min");
  return text(minutes / 60, ':', minutes % 60 < 10 ? "0" : "", minutes % 60, " h");
}

class Charts {
 public:
  Charts(const seed::Timeline& timeline, double seconds) : timeline_(timeline) {
    const auto& slices = timeline.slices();
    const std::size_t group = (slices.size() + kMostColumns - 1) / kMostColumns;
    column_seconds_ = timeline.slice_seconds() * static_cast<double>(group);
    for (std::size_t index = 0; index < slices.size(); ++index) {
      if (index % group == 0) columns_.emplace_back();
      columns_.back() += slices[index];
    }
    seconds_ = std::max(seconds, timeline.slice_seconds());
  }

  std::string all() {
    std::string out = "<div class=\"charts\">\n";
    out += phases();
    if (timeline_.answers() > 0) out += throughput() + answer_time();
    out += width() + troubles() + axis();
    return out + "</div>\n";
  }

 private:
  double begin_of(std::size_t column) const {
    return static_cast<double>(column) * column_seconds_;
  }
  // The last column may be cut off by the end of the run.
  double end_of(std::size_t column) const {
    return std::min(seconds_, begin_of(column) + column_seconds_);
  }
  double length_of(std::size_t column) const {
    return std::max(end_of(column) - begin_of(column), column_seconds_ / 10);
  }
  double x(double at) const { return std::clamp(at / seconds_, 0.0, 1.0) * kWidth; }

  std::string phases() const {
    const auto& all = timeline_.phases();
    std::string bar, list;
    for (std::size_t index = 0; index < all.size(); ++index) {
      const double end = index + 1 < all.size() ? all[index + 1].begin : seconds_;
      const double share = std::clamp((end - all[index].begin) / seconds_, 0.0, 1.0);
      bar += text("<span class=\"phase", index % 6, "\" style=\"width:", coordinate(share * 100),
                  "%\"></span>");
      list += text("<li><span class=\"dot phase", index % 6, "\"></span>", html(all[index].name),
                   " <b>", duration(end - all[index].begin), "</b></li>");
    }
    if (all.empty()) return {};
    return text("<div class=\"phases\"><div class=\"gutter\"><div class=\"strip\" ",
                "aria-hidden=\"true\">", bar, "</div></div><ul class=\"legend\">", list,
                "</ul></div>\n");
  }

  std::string grid() const {
    std::string out;
    for (const int y : {0, 50, 100}) {
      out += text("<line class=\"grid\" x1=\"0\" x2=\"1000\" y1=\"", y, "\" y2=\"", y, "\"/>");
    }
    const double step = time_step(seconds_);
    for (double at = step; at < seconds_; at += step) {
      const std::string here = coordinate(x(at));
      out += text("<line class=\"grid\" x1=\"", here, "\" x2=\"", here, "\" y1=\"0\" y2=\"100\"/>");
    }
    return out;
  }

  struct Figure {
    std::string title, caption;
    double most = 1;  // of the y axis
    std::function<std::string(double)> label;
    std::string drawing;
    std::function<std::string(std::size_t)> tip;  // of a column; empty: none
  };

  std::string figure(const Figure& it) {
    const std::string id = text("chart", ++figures_);
    std::string tips;
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      const std::string tip = it.tip(index);
      if (tip.empty()) continue;
      tips += text("<rect x=\"", coordinate(x(begin_of(index))), "\" y=\"0\" width=\"",
                   coordinate(std::max(1.0, x(end_of(index)) - x(begin_of(index)))),
                   "\" height=\"100\"><title>", html(duration(begin_of(index))), ": ", html(tip),
                   "</title></rect>");
    }
    return text("<figure>\n<figcaption><h3 id=\"", id, "\">", html(it.title), "</h3><p>",
                html(it.caption), "</p></figcaption>\n<div class=\"plot\"><div class=\"scale\" ",
                "aria-hidden=\"true\"><span>", html(it.label(it.most)), "</span><span>",
                html(it.label(it.most / 2)), "</span><span>0</span></div>\n",
                "<svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\" ",
                "aria-labelledby=\"", id, " ", id, "d\"><desc id=\"", id, "d\">", html(it.caption),
                "</desc>", grid(), it.drawing, "<g class=\"tips\">", tips,
                "</g></svg></div>\n</figure>\n");
  }

  double y(double value, double most) const {
    return kHeight - std::clamp(value / most, 0.0, 1.0) * kHeight;
  }

  // A line through the middles of the columns; from edge to edge.
  std::string line(const std::vector<double>& values, double most) const {
    std::string out;
    for (std::size_t index = 0; index < values.size(); ++index) {
      const std::string height = coordinate(y(values[index], most));
      const double middle = (x(begin_of(index)) + x(end_of(index))) / 2;
      if (index == 0) out += text("M", coordinate(x(begin_of(0))), ' ', height);
      out += text('L', coordinate(middle), ' ', height);
      if (index + 1 == values.size()) out += text('L', coordinate(x(end_of(index))), ' ', height);
    }
    return out;
  }

  std::string throughput() {
    std::vector<double> rates;
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      rates.push_back(columns_[index].rows / length_of(index));
    }
    const auto peak = std::max_element(rates.begin(), rates.end());
    Figure it;
    it.title = "Throughput";
    it.caption = text("rows per second; at most ", short_number(*peak), ", ",
                      duration(begin_of(static_cast<std::size_t>(peak - rates.begin()))), " in");
    it.most = nice_ceiling(*peak);
    it.label = short_number;
    const std::string top = line(rates, it.most);
    const std::string end = coordinate(x(end_of(rates.size() - 1)));
    it.drawing = text("<path class=\"area rows\" d=\"", top, 'L', end, " 100L0 100Z\"/>",
                      "<path class=\"line rows\" d=\"", top, "\"/>");
    it.tip = [&](std::size_t index) {
      return text(short_number(rates[index]), " rows/s, ",
                  human_bytes(static_cast<std::uint64_t>(columns_[index].bytes / length_of(index))),
                  "/s");
    };
    return figure(it);
  }

  // The mean of each column on a band from its fastest to its slowest answer. Columns without
  // answers interrupt it, unless they are so narrow that hardly any has one.
  std::string answer_time() {
    double most = 0;
    for (const seed::TimeSlice& column : columns_) most = std::max(most, column.took_most);
    Figure it;
    it.title = "Answer time";
    it.caption = text("half within ", duration(timeline_.took(0.5)), ", 95 of 100 within ",
                      duration(timeline_.took(0.95)), ", the slowest ", duration(most));
    it.most = nice_ceiling(most);
    it.label = duration;
    std::string band, mean, upper, lower;
    const auto close_band = [&] {
      if (!upper.empty()) band += text("<path d=\"M", upper.substr(1), lower, "Z\"/>");
      upper.clear();
      lower.clear();
    };
    std::size_t gap = 0;
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      const seed::TimeSlice& column = columns_[index];
      if (column.answers == 0) {
        if (++gap > 2) close_band();
        continue;
      }
      gap = 0;
      const bool first = upper.empty();
      const std::string left = coordinate(x(begin_of(index)));
      const std::string right = coordinate(std::max(x(end_of(index)), x(begin_of(index)) + 1));
      const std::string middle = coordinate((x(begin_of(index)) + x(end_of(index))) / 2);
      const std::string top = coordinate(y(column.took_most, it.most) - 0.5);
      const std::string bottom = coordinate(y(column.took_least, it.most) + 0.5);
      const std::string height = coordinate(y(column.took_sum / column.answers, it.most));
      upper += text('L', left, ' ', top, 'L', right, ' ', top);
      lower = text('L', right, ' ', bottom, 'L', left, ' ', bottom) + lower;
      // A lone answer is a dash.
      mean += first ? text('M', left, ' ', height, 'L', middle, ' ', height)
                    : text('L', middle, ' ', height);
    }
    close_band();
    it.drawing =
        text("<g class=\"band\">", band, "</g><path class=\"line time\" d=\"", mean, "\"/>");
    it.tip = [&](std::size_t index) {
      const seed::TimeSlice& column = columns_[index];
      if (column.answers == 0) return std::string();
      return text(column.answers, column.answers == 1 ? " answer" : " answers", ", ",
                  duration(column.took_sum / column.answers), " on average, at most ",
                  duration(column.took_most));
    };
    return figure(it);
  }

  // Drawn only where it changed.
  std::string width() {
    double least = 1e9, most = 0;
    std::vector<double> values;
    for (const seed::TimeSlice& column : columns_) {
      values.push_back(column.least_width);
      if (column.least_width > 0) least = std::min<double>(least, column.least_width);
      most = std::max<double>(most, column.most_width);
    }
    if (most == 0 || least == most) return {};
    Figure it;
    it.title = "Requests at a time";
    it.caption =
        text(short_number(least), " to ", short_number(most), ", as the server could bear");
    it.most = most + std::fmod(most, 2);  // so that its half is a number of requests, too
    it.label = short_number;
    std::string path;
    for (std::size_t index = 0; index < values.size(); ++index) {
      if (values[index] == 0) continue;  // nothing is sent yet
      path += text(path.empty() ? 'M' : 'L', coordinate(x(begin_of(index))), ' ',
                   coordinate(y(values[index], it.most)), 'H', coordinate(x(end_of(index))));
    }
    it.drawing = text("<path class=\"line width\" d=\"", path, "\"/>");
    it.tip = [&](std::size_t index) {
      const seed::TimeSlice& column = columns_[index];
      if (column.most_width == 0) return std::string();
      if (column.least_width == column.most_width) return text(column.most_width);
      return text(column.least_width, " to ", column.most_width);
    };
    return figure(it);
  }

  std::string troubles() const {
    std::string lanes;
    for (std::size_t kind = 0; kind < seed::kTroubles; ++kind) {
      const auto trouble = static_cast<seed::Trouble>(kind);
      const std::uint64_t count = timeline_.troubles(trouble);
      if (count == 0) continue;
      std::string marks;
      for (std::size_t index = 0; index < columns_.size(); ++index) {
        const std::uint32_t here = columns_[index].troubles[kind];
        if (here == 0) continue;
        const std::string middle = coordinate((x(begin_of(index)) + x(end_of(index))) / 2);
        marks += text("<line x1=\"", middle, "\" x2=\"", middle, "\" y1=\"0\" y2=\"100\"><title>",
                      html(duration(begin_of(index))), ": ", here, "</title></line>");
      }
      lanes +=
          text("<div class=\"lane ", trouble_style(trouble), "\"><p><span class=\"dot\"></span>",
               trouble_words(trouble), "<b>", with_separators(count),
               "</b></p><div class=\"gutter\"><svg viewBox=\"0 0 1000 100\" ",
               "preserveAspectRatio=\"none\" role=\"img\"><title>", trouble_words(trouble), ": ",
               with_separators(count), "</title>", marks, "</svg></div></div>\n");
    }
    if (lanes.empty()) {
      lanes = "<p class=\"calm\">No retries, no lost answers, nothing refused.</p>\n";
    }
    return text(
        "<figure class=\"troubles\">\n<figcaption><h3>What went wrong</h3><p>requests "
        "without a plain answer</p></figcaption>\n",
        lanes, "</figure>\n");
  }

  std::string axis() const {
    const double step = time_step(seconds_);
    std::string labels;
    int number = 0;
    for (double at = 0; at < seconds_ * 0.999; at += step, ++number) {
      labels += text("<span class=\"", number % 2 == 1 ? "odd" : "even",
                     "\" style=\"left:", coordinate(x(at) / kWidth * 100), "%\">",
                     html(tick_label(at, step)), "</span>");
    }
    return text("<div class=\"gutter\"><div class=\"axis\" aria-hidden=\"true\">", labels,
                "</div></div>\n");
  }

  const seed::Timeline& timeline_;
  std::vector<seed::TimeSlice> columns_;
  double column_seconds_ = 0;
  double seconds_ = 0;
  int figures_ = 0;
};

}  // namespace

const char* trouble_style(seed::Trouble kind) {
  constexpr std::array<const char*, seed::kTroubles> kStyles = {"busy", "lost", "much", "refused"};
  return kStyles[static_cast<std::size_t>(kind)];
}

const char* trouble_words(seed::Trouble kind) {
  constexpr std::array<const char*, seed::kTroubles> kWords = {
      "busy, tried again", "answer lost", "too much at once, halved", "refused"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::string time_charts(const seed::Timeline& timeline, double seconds) {
  std::uint64_t troubles = 0;
  for (std::size_t kind = 0; kind < seed::kTroubles; ++kind) {
    troubles += timeline.troubles(static_cast<seed::Trouble>(kind));
  }
  if (timeline.slices().empty() || timeline.answers() + troubles < kFewestAnswers) return {};
  return Charts(timeline, seconds).all();
}

}  // namespace pgseed::cli
