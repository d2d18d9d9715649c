#include "pgseed/cli/html_text.hpp"

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::cli {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

std::string valid_utf8(std::string_view words) {
  std::string out;
  for (auto bad = find_invalid_utf8(words); bad != std::string_view::npos;
       bad = find_invalid_utf8(words)) {
    out += text(words.substr(0, bad), kReplacement);
    words.remove_prefix(bad + 1);
  }
  return out += words;
}

// Characters that turn the direction of the text around them, and two that XML does not know.
bool is_unwanted(std::string_view three_bytes) {
  if (three_bytes.size() < 3) return false;
  const std::string_view start = three_bytes.substr(0, 2);
  const auto last = static_cast<unsigned char>(three_bytes[2]);
  if (start == "\xE2\x80") return last >= 0xAA && last <= 0xAE;
  if (start == "\xE2\x81") return last >= 0xA6 && last <= 0xA9;
  return start == "\xEF\xBF" && last >= 0xBE;
}

}  // namespace

std::string html(std::string_view words) {
  const std::string safe = valid_utf8(redact(words));
  std::string out;
  out.reserve(safe.size());
  for (std::size_t at = 0; at < safe.size(); ++at) {
    const auto byte = static_cast<unsigned char>(safe[at]);
    switch (byte) {
      case '&':
        out += "&amp;";
        continue;
      case '<':
        out += "&lt;";
        continue;
      case '>':
        out += "&gt;";
        continue;
      case '"':
        out += "&#34;";
        continue;
      case '\'':
        out += "&#39;";
        continue;
      default:
        break;
    }
    if (byte < 0x20 || byte == 0x7F) {
      // The picture of the control character: U+2400 and on.
      out += "\xE2\x90";
      out += static_cast<char>(byte == 0x7F ? 0xA1 : 0x80 + byte);
    } else if (is_unwanted(std::string_view(safe).substr(at, 3))) {
      out += kReplacement;
      at += 2;
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

}  // namespace pgseed::cli
