#include "pgseed/io/charset.hpp"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
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

// Characters that iconv makes of codes which MySQL reads as others: those it reads, or nothing
// where the text around would read otherwise with them (a backslash).
struct Odd {
  std::uint32_t first, last;
  std::string_view instead;
};

constexpr Odd kSjis[] = {{0xFF3C, 0xFF3C, ""},       {0xFF5E, 0xFF5E, "\u301C"},
                         {0x2225, 0x2225, "\u2016"}, {0xFF0D, 0xFF0D, "\u2212"},
                         {0xFFE0, 0xFFE0, "\u00A2"}, {0xFFE1, 0xFFE1, "\u00A3"},
                         {0xFFE2, 0xFFE2, "\u00AC"}};
constexpr Odd kUjis[] = {{0xFF3C, 0xFF3C, ""}, {0xFF5E, 0xFF5E, "~"}};
// MySQL has other characters in all of C6A1 to C7FC.
constexpr Odd kBig5[] = {
    {0x00A8, 0x00A8, ""}, {0x02C6, 0x02C6, ""}, {0x0401, 0x0401, ""}, {0x0410, 0x044F, ""},
    {0x0451, 0x0451, ""}, {0x2170, 0x2179, ""}, {0x2460, 0x2469, ""}, {0x2474, 0x247D, ""},
    {0x273D, 0x273D, ""}, {0x2F33, 0x2F33, ""}, {0x3005, 0x3007, ""}, {0x3041, 0x3093, ""},
    {0x309D, 0x309E, ""}, {0x30A1, 0x30F6, ""}, {0x30FC, 0x30FE, ""}, {0x4E36, 0x4E36, ""},
    {0x4E3F, 0x4E3F, ""}, {0x4E85, 0x4E85, ""}, {0x4EA0, 0x4EA0, ""}, {0x5182, 0x5182, ""},
    {0x5196, 0x5196, ""}, {0x51AB, 0x51AB, ""}, {0x52F9, 0x52F9, ""}, {0x5338, 0x5338, ""},
    {0x5369, 0x5369, ""}, {0x53B6, 0x53B6, ""}, {0x590A, 0x590A, ""}, {0x5B80, 0x5B80, ""},
    {0x5DDB, 0x5DDB, ""}, {0x5E7F, 0x5E7F, ""}, {0x5F50, 0x5F50, ""}, {0x5F61, 0x5F61, ""},
    {0x6534, 0x6534, ""}, {0x7592, 0x7592, ""}, {0x8FB5, 0x8FB5, ""}, {0xFF3B, 0xFF3B, ""},
    {0xFF3D, 0xFF3D, ""}};
constexpr Odd kCp866[] = {{0x2116, 0x2116, "\u207F"}, {0x00A4, 0x00A4, "\u00B2"}};
constexpr Odd kKoi8u[] = {{0x2219, 0x2219, "\u2022"}};
constexpr Odd kGreek[] = {{0x2018, 0x2018, "\u02BD"}, {0x2019, 0x2019, "\u02BC"}};
constexpr Odd kHebrew[] = {{0x00AF, 0x00AF, "\u203E"}};
constexpr Odd kArmscii8[] = {
    {0x0587, 0x0587, "\u00A7"}, {0x058A, 0x058A, "\u055F"}, {0x055A, 0x055A, "\u2019"}};

// MySQL's character sets that no table of iconv matches; measured code by code.
struct Nearly {
  std::string_view name, iconv;
  std::span<const Odd> odd;
};
constexpr Nearly kNearly[] = {
    {"MySQL's sjis", "CP932", kSjis},          {"MySQL's ujis", "EUC-JP", kUjis},
    {"MySQL's big5", "BIG5-HKSCS", kBig5},     {"MySQL's cp866", "CP866", kCp866},
    {"MySQL's koi8u", "KOI8-U", kKoi8u},       {"MySQL's greek", "ISO-8859-7", kGreek},
    {"MySQL's hebrew", "ISO-8859-8", kHebrew}, {"MySQL's armscii8", "ARMSCII-8", kArmscii8}};

const Nearly* find_nearly(std::string_view encoding) {
  for (const Nearly& each : kNearly) {
    if (each.name == encoding) return &each;
  }
  return nullptr;
}

// The character that begins there; the text is UTF-8.
std::uint32_t code_at(std::string_view text, std::size_t length) {
  const auto byte = [&](std::size_t at) {
    return std::uint32_t{static_cast<unsigned char>(text[at])};
  };
  if (length == 1) return byte(0);
  std::uint32_t code = byte(0) & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) code = code << 6 | (byte(at) & 0x3F);
  return code;
}

std::size_t length_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Puts what MySQL reads for the odd characters behind `from`. Throws at one that has no such text,
// which is then the end of `out`.
void mend(std::string& out, std::size_t from, std::span<const Odd> odd, std::string_view encoding) {
  std::string mended;
  const std::string_view rest = std::string_view(out).substr(from);
  for (std::size_t at = 0; at < rest.size();) {
    const std::string_view here = rest.substr(at);
    const std::size_t length = length_at(here);
    const std::string_view character = here.substr(0, length);
    at += length;
    const std::uint32_t code = code_at(here, length);
    const Odd* found = nullptr;
    for (const Odd& each : odd) {
      if (code >= each.first && code <= each.last) found = &each;
    }
    if (found != nullptr && found->instead.empty()) {
      Error error(ErrorKind::input,
                  text("bytes that ", encoding,
                       " reads otherwise than iconv, which takes them for ", character),
                  "", "dump it again as UTF-8: --default-character-set=utf8mb4");
      out.resize(from);
      out += mended;
      throw error;
    }
    mended += found == nullptr ? character : found->instead;
  }
  out.resize(from);
  out += mended;
}

}  // namespace

std::string iconv_name(std::string_view encoding) {
  if (const Nearly* const nearly = find_nearly(encoding)) return std::string(nearly->iconv);
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
    const int why = errno;
    const std::size_t before = out.size();
    out.append(block.data(), to);
    if (const Nearly* const nearly = find_nearly(encoding_)) {
      mend(out, before, nearly->odd, encoding_);
    }
    if (result != static_cast<std::size_t>(-1)) break;
    if (why == E2BIG) continue;
    if (why == EINVAL) break;  // cut in the middle of a character
    throw Error(ErrorKind::input, text("the bytes are not valid ", encoding_), "",
                "name the file's true encoding with --encoding");
  }
  return bytes.size() - left;
}

}  // namespace pgseed::io
