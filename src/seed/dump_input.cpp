#include "pgseed/seed/dump_input.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/reject_text.hpp"

namespace pgseed::seed {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{64} * 1024;

}  // namespace

DumpInput::DumpInput(const std::string& path, const std::string& encoding)
    : source_(path), encoding_is_fixed_(!encoding.empty()) {
  first_block_.resize(kFirstBlock);
  std::size_t have = 0;
  while (have < kFirstBlock) {
    const std::size_t got = source_.read(first_block_.data() + have, kFirstBlock - have);
    if (got == 0) break;
    have += got;
    if (!source_.repeatable()) break;  // a pipe: what is there tells enough
  }
  first_block_.resize(have);
  rejects_ = is_reject_file(first_block_);
  if (rejects_) return;
  const bool other_encoding = encoding_is_fixed_ && !io::iconv_name(encoding).empty();
  if (!other_encoding) {
    if (const auto foreign = sql::recognize_foreign(first_block_)) {
      throw Error(ErrorKind::input, text("this is ", foreign->what), source_.name(), foreign->hint);
    }
  } else {
    charset_ = std::make_unique<io::Charset>(encoding);
  }
  dialect_ = sql::detect_dialect(first_block_);
}

std::size_t DumpInput::read_raw(char* into, std::size_t space) {
  if (first_block_used_ < first_block_.size()) {
    const std::size_t count = std::min(space, first_block_.size() - first_block_used_);
    std::memcpy(into, first_block_.data() + first_block_used_, count);
    first_block_used_ += count;
    return count;
  }
  return source_.read(into, space);
}

void DumpInput::convert(std::string_view bytes) {
  raw_rest_.append(bytes);
  std::size_t taken = 0;
  try {
    if (rejects_) {
      for (std::size_t end = raw_rest_.find('\n'); end != std::string::npos;
           end = raw_rest_.find('\n', taken)) {
        ++reject_line_;
        converted_ += reject_to_sql(std::string_view(raw_rest_).substr(taken, end - taken)) + "\n";
        taken = end + 1;
      }
    } else {
      taken = charset_->convert(raw_rest_, converted_);
    }
  } catch (Error& error) {
    error.where = rejects_ ? text(source_.name(), ':', reject_line_) : source_.name();
    throw;
  }
  raw_rest_.erase(0, taken);
}

std::size_t DumpInput::read(char* into, std::size_t space) {
  if (!charset_ && !rejects_) return read_raw(into, space);
  while (converted_used_ == converted_.size()) {
    converted_.clear();
    converted_used_ = 0;
    std::vector<char> block(kFirstBlock);
    const std::size_t got = read_raw(block.data(), block.size());
    if (got == 0) {
      if (raw_rest_.empty()) return 0;
      if (rejects_) {
        convert("\n");  // the last line has no newline
        continue;
      }
      throw Error(ErrorKind::input, "the file ends in the middle of a character", source_.name());
    }
    convert({block.data(), got});
  }
  const std::size_t count = std::min(space, converted_.size() - converted_used_);
  std::memcpy(into, converted_.data() + converted_used_, count);
  converted_used_ += count;
  return count;
}

std::string DumpInput::switch_encoding(std::string_view encoding, std::string_view unread) {
  if (encoding_is_fixed_) return std::string(unread);
  // Once text was converted, a second announcement cannot be applied to what was read ahead.
  if (charset_ || rejects_) return std::string(unread);
  if (io::iconv_name(encoding).empty()) return std::string(unread);
  charset_ = std::make_unique<io::Charset>(encoding);
  converted_.clear();
  converted_used_ = 0;
  convert(unread);
  return std::exchange(converted_, {});
}

}  // namespace pgseed::seed
