#include "pgseed/sql/window_reader.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::sql {

std::string as_text(std::string_view bytes) {
  std::string out;
  for (;;) {
    const std::size_t bad = std::min(find_invalid_utf8(bytes), bytes.size());
    out.append(bytes.substr(0, bad));
    if (bad == bytes.size()) break;
    out += '?';
    bytes.remove_prefix(bad + 1);
  }
  std::replace(out.begin(), out.end(), '\0', '?');
  return out;
}

WindowReader::WindowReader(Input& input, std::string name, const ReaderOptions& options,
                           Bytes bytes)
    : window_(input, std::move(name), options.max_row_bytes), options_(options), bytes_(bytes) {}

std::string WindowReader::where_value(std::size_t index) const {
  const char* at = row_begin_;
  if (index < row.values.size()) {
    const char* const text = row.values[index].text.data();
    if (text != nullptr && text >= at && text < window_.end()) at = text;
  }
  // Counting lines moves the window's own counter, nothing that a caller could see.
  return window_.where(at);
}

void WindowReader::fail(const SyntaxProblem& problem) {
  const char* const at = window_.settle(problem.at);
  if (bytes_ == Bytes::text) window_.require_clean(at < window_.end() ? at + 1 : at);
  // It may quote the text, which may be any bytes.
  const std::string message = bytes_ == Bytes::any ? as_text(problem.message) : problem.message;
  const bool is_mysql = options_.dialect == Dialect::postgresql && at < window_.end() && *at == '`';
  Error error(ErrorKind::input, message, window_.where(at),
              is_mysql ? "backticks are MySQL's: leave --dialect out or say mysql" : problem.hint);
  error.excerpt = window_.excerpt(at);
  throw error;
}

void WindowReader::pass_over(const char* position) {
  if (bytes_ == Bytes::text) window_.require_clean(position);
  window_.consume(position);
}

void WindowReader::note_place(const char* position) {
  // What stands for the header of a CSV without one comes before its first line.
  statement_line_ = std::max<std::uint64_t>(1, window_.line_of(position));
  if (!options_.rows) statement.column = window_.place_of(position).column;
}

// --- rows

void WindowReader::take_head(RowsHead fresh) {
  fresh.number = head.number + 1;
  fresh.line = statement_line_;
  if (!fresh.table.schema && !search_path.empty()) fresh.table.schema = search_path;
  head = std::move(fresh);
}

bool WindowReader::repeat_head(Cursor& at) {
  const auto available = static_cast<std::size_t>(at.end - at.position);
  if (head_text_.empty() || available <= head_text_.size() ||
      at.position[head_text_.size()] != '(' ||
      std::string_view(at.position, head_text_.size()) != head_text_) {
    return false;
  }
  at.position += head_text_.size();
  ++head.number;
  head.line = statement_line_;
  return true;
}

void WindowReader::begin_rows(const Cursor& at) {
  finish(at.position);
  values_in_row_ = 0;
  comma_done_ = true;
}

void WindowReader::begin_row() {
  row.values.clear();
  row.unsupported.clear();
  row.unsupported_line = 0;
  row.source = {};
}

void WindowReader::check_count(const char* begin, const char* hint) {
  const std::size_t count = row.values.size();
  if (head.has_columns && count != head.columns.size()) {
    throw SyntaxProblem{begin,
                        text(count < head.columns.size() ? "too few" : "too many",
                             " values: ", count, " for ", head.columns.size(), " columns"),
                        hint};
  }
  if (values_in_row_ == 0) values_in_row_ = count;
  if (count != values_in_row_) {
    throw SyntaxProblem{begin,
                        text("the rows of one statement must be of one length: ", count,
                             " values where the first row has ", values_in_row_),
                        ""};
  }
}

void WindowReader::end_row(const char* begin, const Cursor& behind, std::uint64_t line) {
  row.line = line;
  row_begin_ = begin;
  comma_done_ = false;
  finish(behind.position);
}

// --- other statements

void WindowReader::begin_whole_statement() {
  scanned_ = 0;
  kept_.clear();
  cut_ = false;
}

void WindowReader::keep_beginning(const char* position) {
  if (!cut_) {
    statement_where_ = window_.where(window_.begin());
    kept_.assign(window_.begin(), options_.kept_statement);
    kept_.resize(kept_.size() - incomplete_utf8_tail(kept_));
    cut_ = true;
  }
  pass_over(position);
  scanned_ = 0;
}

// What never ends is best looked for where it began.
void WindowReader::never_ends(SyntaxProblem& problem) {
  if (bytes_ == Bytes::text) window_.require_clean(problem.at);
  if (cut_) {
    throw Error(ErrorKind::input, bytes_ == Bytes::any ? as_text(problem.message) : problem.message,
                statement_where_, problem.hint);
  }
  problem.at = window_.begin();
}

void WindowReader::take_statement(const char* text_end, const char* behind) {
  statement.line = statement_line_;
  statement.end_line = window_.line_of(behind);
  std::string_view whole(window_.begin(), static_cast<std::size_t>(behind - window_.begin()));
  if (cut_ || whole.size() > options_.kept_statement) {
    keep_beginning(behind);
    whole = kept_;
  } else {
    whole = whole.substr(0, static_cast<std::size_t>(text_end - window_.begin()));
    while (!whole.empty() && is_space(whole.back())) whole.remove_suffix(1);
    finish(behind);
  }
  statement.text = whole;
  statement.cut = cut_;
}

void WindowReader::switch_encoding(const std::string& wanted) {
  keep_statement();
  try {
    window_.switch_encoding(wanted);
  } catch (Error& error) {
    if (error.where.empty()) error.where = text(window_.name(), ':', statement_line_);
    throw;
  }
}

void WindowReader::keep_statement() {
  kept_.assign(statement.text);
  statement.text = kept_;
}

}  // namespace pgseed::sql
