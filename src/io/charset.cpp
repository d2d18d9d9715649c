#include "pgseed/io/charset.hpp"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::io {
namespace {

// PostgreSQL's names, letters and digits only, where iconv's differ in more than punctuation.
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kNames = {{
    {"latin1", "ISO-8859-1"},   {"latin2", "ISO-8859-2"},
    {"latin3", "ISO-8859-3"},   {"latin4", "ISO-8859-4"},
    {"latin5", "ISO-8859-9"},   {"latin6", "ISO-8859-10"},
    {"latin7", "ISO-8859-13"},  {"latin8", "ISO-8859-14"},
    {"latin9", "ISO-8859-15"},  {"latin10", "ISO-8859-16"},
    {"iso88591", "ISO-8859-1"}, {"iso88595", "ISO-8859-5"},
    {"iso88596", "ISO-8859-6"}, {"iso88597", "ISO-8859-7"},
    {"iso88598", "ISO-8859-8"}, {"win", "CP1251"},
    {"alt", "CP866"},           {"koi8", "KOI8-R"},
    {"koi8r", "KOI8-R"},        {"koi8u", "KOI8-U"},
    {"eucjp", "EUC-JP"},        {"euckr", "EUC-KR"},
    {"euccn", "EUC-CN"},        {"euctw", "EUC-TW"},
    {"sjis", "CP932"},          {"mskanji", "CP932"},
    {"shiftjis", "CP932"},      {"uhc", "UHC"},
    {"abc", "CP1258"},          {"tcvn", "CP1258"},
}};

}  // namespace

std::string iconv_name(std::string_view encoding) {
  std::string plain;
  for (const char byte : to_lower(encoding)) {
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) plain += byte;
  }
  if (plain.empty() || plain == "utf8" || plain == "unicode" || plain == "sqlascii" ||
      plain == "utf8mb4" || plain == "default") {
    return {};
  }
  for (const auto& [name, iconv] : kNames) {
    if (plain == name) return std::string(iconv);
  }
  if (plain.rfind("windows", 0) == 0) return "CP" + plain.substr(7);
  if (plain.rfind("win", 0) == 0) return "CP" + plain.substr(3);
  return std::string(encoding);
}

struct Charset::Handle {
  explicit Handle(iconv_t opened) : descriptor(opened) {}
  ~Handle() { iconv_close(descriptor); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  iconv_t descriptor;
};

Charset::Charset(std::string_view encoding) : encoding_(encoding) {
  const iconv_t opened = iconv_open("UTF-8", iconv_name(encoding).c_str());
  if (opened == reinterpret_cast<iconv_t>(-1)) {  // NOLINT: iconv's own error value
    throw Error(ErrorKind::usage, text("the encoding \"", encoding, "\" is not known"), "",
                "name one that `iconv -l` lists, for example latin1 or win1252");
  }
  handle_ = std::make_unique<Handle>(opened);
}

Charset::~Charset() = default;

std::size_t Charset::convert(std::string_view bytes, std::string& out) {
  std::array<char, 16384> block;
  char* from = const_cast<char*>(bytes.data());  // iconv's signature; it does not write there
  std::size_t left = bytes.size();
  while (left > 0) {
    char* to = block.data();
    std::size_t room = block.size();
    const std::size_t result = iconv(handle_->descriptor, &from, &left, &to, &room);
    out.append(block.data(), to);
    if (result != static_cast<std::size_t>(-1)) break;
    if (errno == E2BIG) continue;
    if (errno == EINVAL) break;  // cut in the middle of a character
    throw Error(ErrorKind::input, text("the bytes are not valid ", encoding_), "",
                "name the file's true encoding with --encoding");
  }
  return bytes.size() - left;
}

}  // namespace pgseed::io
