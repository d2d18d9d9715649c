#include "pgseed/seed/input/dump_input.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/seed/input/csv_text.hpp"
#include "pgseed/seed/input/json_text.hpp"
#include "pgseed/seed/input/reject_text.hpp"

namespace pgseed::seed {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{64} * 1024;
constexpr std::size_t kTail = std::size_t{16} * 1024;  // people put statements behind a dump

struct DumpProgram {
  std::string_view name, header, last;
};
constexpr std::array<DumpProgram, 4> kDumpPrograms = {{
    {"mysqldump", "-- MySQL dump ", "-- Dump completed"},
    {"mariadb-dump", "-- MariaDB dump ", "-- Dump completed"},
    {"pg_dump", "-- PostgreSQL database dump", "-- PostgreSQL database dump complete"},
    {"pg_dumpall", "-- PostgreSQL database cluster dump",
     "-- PostgreSQL database cluster dump complete"},
}};

// PostgreSQL's header is the whole line; MySQL's goes on with versions and the platform.
bool is_header(std::string_view line, const DumpProgram& program) {
  if (!program.header.ends_with(' ')) return line == program.header;
  return line.starts_with(program.header) && line.find(", for ") != std::string_view::npos;
}

// The program whose header stands among the first lines.
const DumpProgram* program_of(std::string_view beginning) {
  constexpr std::size_t kLines = 8;
  for (std::size_t count = 0; count < kLines && !beginning.empty(); ++count) {
    const std::size_t end = std::min(beginning.find('\n'), beginning.size() - 1);
    const std::string_view line = trim(beginning.substr(0, end + 1));
    for (const DumpProgram& program : kDumpPrograms) {
      if (is_header(line, program)) return &program;
    }
    beginning.remove_prefix(end + 1);
  }
  return nullptr;
}

// Each line of a reject file is a line of SQL.
class RejectLines final : public RowText {
 public:
  explicit RejectLines(std::string name) : name_(std::move(name)) {}

  void add(std::string_view block, std::string& out) override {
    rest_.append(block);
    std::size_t taken = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos;
         end = rest_.find('\n', taken)) {
      line(std::string_view(rest_).substr(taken, end - taken), out);
      taken = end + 1;
    }
    rest_.erase(0, taken);
  }
  void finish(std::string& out) override {
    if (!rest_.empty()) line(rest_, out);
  }

 private:
  void line(std::string_view text_line, std::string& out) {
    ++line_;
    try {
      out += reject_to_sql(text_line) + "\n";
    } catch (Error& error) {
      error.where = text(name_, ':', line_);
      throw;
    }
  }

  std::string name_;
  std::string rest_;
  std::uint64_t line_ = 0;
};

std::unique_ptr<io::TextSource> open_only(const std::string& path) {
  const io::InputFile file(path);
  if (file.members().size() > 1) {
    throw Error(ErrorKind::input, text("the archive holds ", file.members().size(), " files"),
                file.name(), "unpack it and name the one that is meant");
  }
  return file.open();
}

// "all.zip:a.csv.gz" ends in ".csv", too.
bool has_extension(std::string name, std::string_view extension) {
  name = to_lower(name);
  for (const std::string_view packed : {".gz", ".bz2", ".xz", ".zst", ".lz4"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  return name.ends_with(extension);
}

// The encoding of a text with zeros in every second place, as all of UTF-16 has that is mostly
// Latin; empty for any other.
std::string utf16_of(std::string_view beginning, const std::string& name) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\xFF\xFE\0\0"sv) || beginning.starts_with("\0\0\xFE\xFF"sv)) {
    throw Error(ErrorKind::input, "this is UTF-32 text", name,
                "convert it: iconv -f UTF-32 -t UTF-8 FILE > utf8.sql");
  }
  if (beginning.starts_with("\xFF\xFE"sv)) return "UTF-16LE";
  if (beginning.starts_with("\xFE\xFF"sv)) return "UTF-16BE";
  std::array<std::size_t, 2> zeros = {};
  const std::size_t count = std::min<std::size_t>(beginning.size(), 512) / 2;
  for (std::size_t index = 0; index < count * 2; ++index) {
    if (beginning[index] == '\0') ++zeros[index % 2];
  }
  const auto nearly_all = [&](std::size_t some) { return count > 1 && some * 10 >= count * 9; };
  const auto few = [&](std::size_t some) { return some * 10 <= count; };
  if (few(zeros[0]) && nearly_all(zeros[1])) return "UTF-16LE";
  if (few(zeros[1]) && nearly_all(zeros[0])) return "UTF-16BE";
  return {};
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace

std::vector<InputPart> list_inputs(const std::vector<std::string>& paths,
                                   const io::PackedLimits& limits, bool repeatable) {
  std::vector<InputPart> parts;
  for (const std::string& path : paths) {
    const auto file = std::make_shared<const io::InputFile>(path, limits, repeatable);
    const std::size_t count = std::max<std::size_t>(1, file->members().size());
    for (std::size_t member = 0; member < count; ++member) {
      parts.push_back({path, file->name(member), file, member});
    }
  }
  return parts;
}

DumpInput::DumpInput(const InputPart& part, const InputOptions& options)
    : source_(part.file->open(part.member)), encoding_is_fixed_(!options.encoding.empty()) {
  read_first_block();
  choose_charset(options.encoding);
  choose_rows(options.rows);
}

DumpInput::DumpInput(const std::string& path, const std::string& encoding)
    : source_(open_only(path)), encoding_is_fixed_(!encoding.empty()) {
  read_first_block();
  choose_charset(encoding);
  choose_rows({});
}

DumpInput::~DumpInput() = default;

void DumpInput::read_first_block() {
  first_block_.resize(kFirstBlock);
  std::size_t have = 0;
  while (have < kFirstBlock) {
    const std::size_t got = read_source(first_block_.data() + have, kFirstBlock - have);
    if (got == 0) break;
    have += got;
    if (!source_->repeatable()) break;  // a pipe: what is there tells enough
  }
  first_block_.resize(have);
  is_empty_ = have == 0;
}

void DumpInput::choose_charset(const std::string& encoding) {
  if (encoding_is_fixed_) {
    if (!io::iconv_name(encoding).empty()) charset_ = std::make_unique<io::Charset>(encoding);
  } else {
    const std::string utf16 = utf16_of(first_block_, name());
    if (!utf16.empty()) charset_ = std::make_unique<io::Charset>(utf16);
  }
  if (!charset_) return;
  charset_from_start_ = true;
  convert(std::exchange(first_block_, {}));
  first_block_ = std::exchange(converted_, {});
}

void DumpInput::choose_rows(const RowOptions& options) {
  const std::string_view beginning = without_mark(first_block_);
  const bool automatic = options.format == RowFormat::automatic;
  if (automatic && is_reject_file(beginning)) {
    rows_ = std::make_unique<RejectLines>(name());
    row_format_ = "rejects";
    return;
  }
  const bool is_tsv = has_extension(name(), ".tsv");
  const bool is_csv =
      options.format == RowFormat::csv || (automatic && (is_tsv || has_extension(name(), ".csv")));
  const bool is_json = options.format == RowFormat::json || (automatic && is_json_text(beginning));
  if (is_csv || is_json) {
    if (options.table.empty()) {
      throw Error(ErrorKind::usage,
                  text("this is ", is_csv ? "CSV" : "JSON",
                       ": nothing in it says to which table its rows belong"),
                  name(), "name the table: --table NAME");
    }
    RowOptions own = options;
    if (is_tsv && !own.delimiter) own.delimiter = '\t';
    rows_ = is_csv ? make_csv_text(own, name()) : make_json_text(own, name());
    row_format_ = is_csv ? "csv" : "json";
    return;
  }
  if (const auto foreign = sql::recognize_foreign(first_block_)) {
    throw Error(ErrorKind::input, text("this is ", foreign->what), name(), foreign->hint);
  }
  guess_ = sql::guess_dialect(first_block_);
}

void DumpInput::set_json_columns(std::vector<std::string> columns) {
  if (rows_) rows_->set_json_columns(std::move(columns));
}

std::size_t DumpInput::read_raw(char* into, std::size_t space) {
  if (first_block_used_ < first_block_.size()) {
    const std::size_t count = std::min(space, first_block_.size() - first_block_used_);
    std::memcpy(into, first_block_.data() + first_block_used_, count);
    first_block_used_ += count;
    return count;
  }
  return read_source(into, space);
}

std::size_t DumpInput::read_source(char* into, std::size_t space) {
  const std::size_t got = source_->read(into, space);
  content_.add({into, got});
  if (got >= kTail) {
    tail_.assign(into + got - kTail, kTail);
  } else if (got > 0) {
    tail_.append(into, got);
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kTail));
  }
  return got;
}

std::optional<DumpInput::MissingEnd> DumpInput::missing_end() const {
  if (!is_sql() || charset_from_start_) return {};
  const DumpProgram* const program = program_of(first_block_);
  if (program == nullptr || tail_.find(text('\n', program->last)) != std::string::npos) return {};
  return MissingEnd{std::string(program->name), std::string(program->last)};
}

// A RESET at the end changes nothing.
void DumpInput::require_announced(std::string_view behind, const std::string& where) const {
  if (other_encoding_.empty() || is_ascii(behind)) return;
  throw Error(ErrorKind::input,
              text("the encoding changes from ", announced_, " to ", other_encoding_,
                   " in the middle of the file"),
              where,
              "split the file there, or convert it and name the encoding of all of it: "
              "--encoding utf8");
}

// Appends to converted_.
void DumpInput::convert(std::string_view bytes) {
  require_announced(bytes, name());
  raw_rest_.append(bytes);
  std::size_t taken = 0;
  const std::size_t before = converted_.size();
  const auto pass = [&] { place_.pass(std::string_view(converted_).substr(before)); };
  try {
    taken = charset_->convert(raw_rest_, converted_);
  } catch (Error& error) {
    pass();
    if (charset_from_start_ && !encoding_is_fixed_) {
      error.message = "half of a surrogate pair in UTF-16 text";
      error.hint = "the file is damaged; export it again, best as UTF-8";
    }
    error.where = charset_from_start_ ? text(name(), ':', place_.line, ':', place_.column) : name();
    throw;
  }
  if (charset_from_start_) pass();
  raw_rest_.erase(0, taken);
}

void DumpInput::add_text(std::string_view text) {
  if (!rows_) {
    ready_.append(text);
    return;
  }
  if (std::exchange(rows_at_start_, false)) text = without_mark(text);
  if (!text.empty()) rows_->add(text, ready_);
}

bool DumpInput::read_more() {
  ready_.clear();
  ready_used_ = 0;
  if (problem_) std::rethrow_exception(problem_);
  if (ended_) return false;
  try {
    convert_block();
  } catch (const Error&) {
    // First the rows before it, however the blocks fell.
    problem_ = std::current_exception();
  }
  return true;
}

void DumpInput::convert_block() {
  if (first_block_used_ < first_block_.size()) {  // converted already
    first_block_used_ = first_block_.size();
    return add_text(first_block_);
  }
  block_.resize(kFirstBlock);
  const std::size_t got = read_source(block_.data(), block_.size());
  if (got == 0) {
    ended_ = true;
    if (!raw_rest_.empty()) {
      throw Error(ErrorKind::input, "the file ends in the middle of a character",
                  charset_from_start_ ? text(name(), ':', place_.line, ':', place_.column) : name(),
                  "the file may be cut short");
    }
    if (rows_) rows_->finish(ready_);
    return;
  }
  const std::string_view block(block_.data(), got);
  if (!charset_) return add_text(block);
  converted_.clear();
  try {
    convert(block);
  } catch (const Error&) {
    problem_ = std::current_exception();
  }
  add_text(converted_);
}

std::size_t DumpInput::read(char* into, std::size_t space) {
  if (!charset_ && !rows_) return read_raw(into, space);
  while (ready_used_ == ready_.size()) {
    if (!read_more()) return 0;
  }
  const std::size_t count = std::min(space, ready_.size() - ready_used_);
  std::memcpy(into, ready_.data() + ready_used_, count);
  ready_used_ += count;
  return count;
}

std::string DumpInput::switch_encoding(std::string_view encoding, std::string_view unread) {
  if (encoding_is_fixed_ || charset_from_start_ || rows_) return std::string(unread);
  const std::string wanted = io::iconv_name(encoding);
  other_encoding_.clear();
  if (charset_ && wanted != announced_) {
    other_encoding_ = encoding;
    // What was read ahead is converted already.
    require_announced(unread, "");  // the reader adds the line
  }
  if (charset_ || wanted.empty()) return std::string(unread);
  charset_ = std::make_unique<io::Charset>(encoding);
  announced_ = wanted;
  // What the first block still holds has not been converted, unlike that of read_more().
  std::string bytes(unread);
  bytes += std::string_view(first_block_).substr(first_block_used_);
  first_block_used_ = first_block_.size();
  try {
    convert(bytes);
  } catch (const Error&) {
    // First the rows before it.
    problem_ = std::current_exception();
  }
  return std::exchange(converted_, {});
}

}  // namespace pgseed::seed
