#include "pgseed/seed/input/csv_text.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/text_place.hpp"

namespace pgseed::seed {
namespace {

constexpr std::size_t kLongestHeader = std::size_t{1} << 20;
constexpr const char* kNoHeaderHint =
    "a file without a header needs that said: --no-header --columns id,name";
constexpr std::string_view kEndMarker = "\\.";

std::string sql_string(std::string_view text) {
  std::string out = "'";
  for (const char byte : text) {
    if (byte == '\'') out += byte;
    out += byte;
  }
  return out + '\'';
}

class CsvText final : public RowText {
 public:
  CsvText(const RowOptions& options, std::string name)
      : options_(options),
        name_(std::move(name)),
        delimiter_(options.delimiter.value_or(',')),
        quote_(options.quote),
        escape_(options.escape.value_or(options.quote)) {
    check_options();
    in_header_ = options_.header;
  }

  std::uint64_t first_line() const override { return options_.header ? 1 : 0; }

  void add(std::string_view block, std::string& out) override {
    if (in_header_) {
      carried_.append(block);
      if (!take_header(false, out)) return;
      block = {};
    }
    if (!begun_) write_head({}, 1, out);
    if (carried_.empty()) {
      rows(block, false, out);
    } else {
      const std::string whole = std::exchange(carried_, {}).append(block);
      rows(whole, false, out);
    }
  }

  void finish(std::string& out) override {
    if (in_header_) {
      if (carried_.empty()) return;
      take_header(true, out);
    }
    if (!begun_) return;
    const std::string rest = std::exchange(carried_, {});
    rows(rest, true, out);
    if (quoted_) {
      throw Error(
          ErrorKind::input, "a quote is never closed", text(name_, ':', quote_line_),
          "the file may be cut short, or have a quote inside of a field that is not doubled");
    }
    if (!at_row_) out += crlf_ ? "\r\n" : "\n";
    out += "\\.\n";
  }

 private:
  void check_options() const {
    const auto refuse = [](const char* what) {
      throw Error(ErrorKind::usage, what, "", "PostgreSQL's COPY CSV has the same rules");
    };
    const auto is_line_end = [](char byte) { return byte == '\n' || byte == '\r' || byte == 0; };
    if (is_line_end(delimiter_) || is_line_end(quote_) || is_line_end(escape_)) {
      refuse("the delimiter, quote and escape of CSV cannot be a line end");
    }
    if (delimiter_ == quote_) refuse("the delimiter and the quote of CSV must differ");
    for (const char byte : options_.null_text) {
      if (is_line_end(byte)) refuse("the text for NULL cannot hold a line end");
      if (byte == delimiter_) refuse("the text for NULL cannot hold the delimiter");
      if (byte == quote_) refuse("the text for NULL cannot hold the quote");
    }
  }

  // The header up to its line end; false while it is not whole. What follows it stays carried.
  bool take_header(bool final, std::string& out) {
    std::vector<std::string> names(1);
    bool in_quotes = false;
    std::size_t at = 0;
    for (; at < carried_.size(); ++at) {
      const char byte = carried_[at];
      if (in_quotes) {
        const bool is_escape = byte == escape_;
        if (is_escape && at + 1 == carried_.size() && !final) return too_long_or_more();
        if (is_escape && at + 1 < carried_.size() &&
            (carried_[at + 1] == quote_ || carried_[at + 1] == escape_)) {
          names.back() += carried_[++at];
        } else if (byte == quote_) {
          in_quotes = false;
        } else {
          names.back() += byte;
        }
      } else if (byte == quote_) {
        in_quotes = true;
      } else if (byte == delimiter_) {
        names.emplace_back();
      } else if (byte == '\n') {
        break;
      } else if (byte == '\r') {
        if (at + 1 == carried_.size() && !final) return too_long_or_more();
        if (at + 1 == carried_.size() || carried_[at + 1] == '\n') continue;
        refuse_header("a bare carriage return in the header line", "end the lines with LF or CRLF");
      } else {
        names.back() += byte;
      }
    }
    if (at == carried_.size() && !final) return too_long_or_more();
    if (in_quotes) {
      refuse_header("a quote in the header line is never closed",
                    "the file may be cut short, or have another quote character");
    }
    const std::size_t end = std::min(at + 1, carried_.size());
    const auto lines = count_newlines(carried_.data(), carried_.data() + end);
    place_.pass(std::string_view(carried_).substr(0, end));
    if (options_.columns.empty()) check_names(names);
    write_head(std::move(names), std::max<std::uint64_t>(1, lines), out);
    carried_.erase(0, end);
    in_header_ = false;
    return true;
  }

  bool too_long_or_more() const {
    if (carried_.size() < kLongestHeader) return false;
    refuse_header("the header line is longer than 1 MB",
                  "a quote in it may be never closed; a file without a header needs that said");
  }

  void check_names(const std::vector<std::string>& names) const {
    for (std::size_t index = 0; index < names.size(); ++index) {
      if (names[index].empty()) {
        refuse_header(text("the header line gives no name to column ", index + 1), kNoHeaderHint);
      }
    }
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) {
      refuse_header(text("the header line names the column ", quote_identifier(*twice), " twice"),
                    kNoHeaderHint);
    }
    if (names.size() > kMostColumns) {
      refuse_header(text("the header line names ", names.size(), " columns"), kMostColumnsHint);
    }
  }

  [[noreturn]] void refuse_header(const std::string& what, const char* hint) const {
    throw Error(ErrorKind::input, what, name_ + ":1", hint);
  }

  // lines: how many of the file it stands for.
  void write_head(std::vector<std::string> names, std::uint64_t lines, std::string& out) {
    if (!options_.columns.empty()) names = options_.columns;
    const std::size_t begin = out.size();
    out += text("COPY ", to_sql(TableName{options_.schema, options_.table}));
    for (std::size_t index = 0; index < names.size(); ++index) {
      out += (index == 0 ? " (" : ", ") + quote_identifier(names[index]);
    }
    if (!names.empty()) out += ')';
    // A line end in a name is one already.
    const auto inside = static_cast<std::uint64_t>(
        std::count(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '\n'));
    if (lines - 1 > inside) out.append(static_cast<std::size_t>(lines - 1 - inside), '\n');
    out += text(" FROM stdin WITH (FORMAT csv, DELIMITER ", sql_string({&delimiter_, 1}),
                ", QUOTE ", sql_string({&quote_, 1}), ", ESCAPE ", sql_string({&escape_, 1}),
                ", NULL ", sql_string(options_.null_text), ");\n");
    begun_ = true;
  }

  // Copies rows, in which only the quotes matter: they tell where a row begins. What cannot be
  // judged without the next block is carried over to it.
  void rows(std::string_view block, bool final, std::string& out) {
    const char* at = block.data();
    const char* const end = at + block.size();
    const char* copied = at;
    const char* quote_at = nullptr;
    while (at < end) {
      if (at_row_ && *at == '\\') {
        const std::string_view rest(at, std::min<std::size_t>(4, end - at));
        if (!final && (rest == "\\" || rest == "\\." || rest == "\\.\r")) break;
        const std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
        if (line == kEndMarker) {
          out.append(copied, at);
          out += quote_;
          out += kEndMarker;
          out += quote_;
          at += kEndMarker.size();
          copied = at;
        }
      }
      at_row_ = false;
      if (at == end) break;
      at = find_either(at, end, quote_, quoted_ ? escape_ : '\n');
      if (at == end) break;
      if (*at == '\n') {
        crlf_ = at > block.data() ? at[-1] == '\r' : last_was_return_;
        at_row_ = true;
      } else if (quoted_ && *at == escape_ && escape_ != quote_) {
        if (at + 1 == end && !final) break;
        if (at + 1 < end && (at[1] == quote_ || at[1] == escape_)) ++at;
      } else {
        quoted_ = !quoted_;
        if (quoted_) quote_at = at;
      }
      ++at;
    }
    out.append(copied, at);
    if (quoted_ && quote_at != nullptr) {
      quote_line_ = place_.line + count_newlines(block.data(), quote_at);
    }
    place_.line += count_newlines(block.data(), at);
    if (at > block.data()) last_was_return_ = at[-1] == '\r';
    carried_.assign(at, end);
  }

  RowOptions options_;
  std::string name_;
  char delimiter_, quote_, escape_;
  bool in_header_ = false;
  bool begun_ = false;
  std::string carried_;
  TextPlace place_;

  bool at_row_ = true;   // at the beginning of a row
  bool quoted_ = false;  // inside of quotes
  bool crlf_ = false;    // the last row ended so
  bool last_was_return_ = false;
  std::uint64_t quote_line_ = 0;
};

}  // namespace

std::unique_ptr<RowText> make_csv_text(const RowOptions& options, const std::string& name) {
  return std::make_unique<CsvText>(options, name);
}

}  // namespace pgseed::seed
