#include "pgseed/seed/ledger/ledger_text.hpp"

#include <algorithm>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

constexpr std::size_t kChecksum = 16;
constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_plain(unsigned char byte) {
  return byte > ' ' && byte != '%' && byte != 0x7F;
}

std::string decoded(std::string_view word, bool& broken) {
  std::string out;
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (word[at] != '%') {
      out += word[at];
      continue;
    }
    const std::size_t high = at + 2 < word.size() ? kHex.find(word[at + 1]) : kHex.npos;
    const std::size_t low = at + 2 < word.size() ? kHex.find(word[at + 2]) : kHex.npos;
    if (high == kHex.npos || low == kHex.npos) {
      broken = true;
      return out;
    }
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

// The line without its end, as line() wrote it behind that chain; its new chain through `chain`.
bool is_sound(std::string_view line, std::uint64_t& chain) {
  if (line.size() < kChecksum + 2 || line[line.size() - kChecksum - 1] != ' ') return false;
  const std::uint64_t hash = hash64(line.substr(0, line.size() - kChecksum - 1), chain);
  if (number_of_hex64(line.substr(line.size() - kChecksum)) != hash) return false;
  chain = hash;
  return true;
}

}  // namespace

std::string ledger_word(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (is_plain(code)) {
      out += byte;
    } else {
      out += '%';
      out += kHex[code >> 4];
      out += kHex[code & 15];
    }
  }
  // Nothing at all would be no word.
  return out.empty() ? "%" : out;
}

std::string LedgerText::line(std::string_view words) {
  chain_ = hash64(words, chain_);
  return text(words, ' ', hex64(chain_), '\n');
}

void refuse_ledger(const std::string& path, std::uint64_t line, std::string_view why) {
  throw Error(
      ErrorKind::storage, text("the ledger of an earlier run cannot be used: ", why),
      line == 0 ? path : text(path, ':', line),
      "compare the tables with the file, then load it anew with --fresh, or go on without a "
      "ledger with --no-ledger");
}

LedgerTail read_ledger_lines(
    std::string_view bytes, const std::string& path,
    const std::function<void(std::uint64_t line, const std::vector<std::string>& words)>& take) {
  LedgerTail tail;
  std::vector<std::string> words;
  while (tail.bytes < bytes.size()) {
    const std::size_t end = bytes.find('\n', tail.bytes);
    const std::string_view line = bytes.substr(
        tail.bytes, end == std::string_view::npos ? std::string_view::npos : end - tail.bytes);
    if (end == std::string_view::npos) {
      // A whole line whose end is another byte was not torn but changed; what it says may be done.
      std::uint64_t chain = tail.chain;
      if (!is_sound(line.substr(0, line.size() - 1), chain)) break;
      refuse_ledger(path, tail.lines + 1, "the line is damaged");
    }
    if (!is_sound(line, tail.chain)) {
      refuse_ledger(path, tail.lines + 1, "the line, or one before it, is not as it was written");
    }
    ++tail.lines;
    words.clear();
    bool broken = false;
    const std::string_view said = line.substr(0, line.size() - kChecksum - 1);
    for (std::size_t at = 0; at <= said.size();) {
      const std::size_t blank = std::min(said.find(' ', at), said.size());
      const std::string_view word = said.substr(at, blank - at);
      words.push_back(word == "%" ? std::string() : decoded(word, broken));
      at = blank + 1;
    }
    if (broken) refuse_ledger(path, tail.lines, "a word is not as pgseed writes it");
    take(tail.lines, words);
    tail.bytes = end + 1;
  }
  return tail;
}

}  // namespace pgseed::seed
