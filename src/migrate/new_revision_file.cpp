// The rest of directory.hpp: how a new file is named and written.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <random>
#include <system_error>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/directory.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "pgseed/sql/cursor.hpp"

namespace pgseed::migrate {
namespace fs = std::filesystem;
namespace {

// One character of UTF-8 and its code; a byte that begins none stands for itself, as code 0.
struct Character {
  std::string_view bytes;
  std::uint32_t code = 0;
};

Character first_character(std::string_view bytes) {
  const auto byte_at = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const unsigned char first = byte_at(0);
  if (first < 0x80) return {bytes.substr(0, 1), first};
  const std::size_t length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || bytes.size() < length) return {bytes.substr(0, 1), 0};
  std::uint32_t code = first & (0x7Fu >> length);
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte_at(index) & 0xC0) != 0x80) return {bytes.substr(0, 1), 0};
    code = code << 6 | (byte_at(index) & 0x3Fu);
  }
  return {bytes.substr(0, length), code};
}

// Python's \w, which Alembic uses, but for rare scripts' punctuation.
bool is_word_character(std::uint32_t code) {
  if (code < 0x80) {
    const char byte = static_cast<char>(code);
    return sql::is_identifier_start(byte) || sql::is_digit(byte);
  }
  struct Range {
    std::uint32_t first, last;
  };
  static constexpr std::array<Range, 16> kOthers = {{
      {0x80, 0xA9},
      {0xAB, 0xB1},
      {0xB4, 0xB4},
      {0xB6, 0xB8},
      {0xBB, 0xBB},
      {0xBF, 0xBF},
      {0xD7, 0xD7},
      {0xF7, 0xF7},
      {0x300, 0x36F},    // combining marks
      {0x2000, 0x206F},  // blanks, dashes, quotation marks
      {0x20A0, 0x20CF},  // currencies
      {0x2190, 0x245F},  // arrows, operators
      {0x2500, 0x2BFF},  // boxes, symbols
      {0x3000, 0x3004},
      {0x3008, 0x3020},
      {0x1F000, 0x1FAFF},  // pictures
  }};
  return std::none_of(
             kOthers.begin(), kOthers.end(),
             [code](const Range& range) { return range.first <= code && code <= range.last; }) &&
         !(code >= 0xFF00 && code <= 0xFF0F);
}

// The value of a template's key, or nullopt for an unknown one.
struct Field {
  std::string_view key;
  std::string value;
};

std::string padded(std::string value, std::size_t width) {
  if (value.size() < width) value.insert(0, width - value.size(), '0');
  return value;
}

[[noreturn]] void fail_template(const std::string& file_template, std::string message) {
  throw Error(ErrorKind::usage, std::move(message), text("file_template = ", file_template),
              "known are %(rev)s, %(slug)s, %(epoch)s, %(year)d, %(month).2d, %(day).2d, "
              "%(hour).2d, %(minute).2d, %(second).2d and %%");
}

// Python's % formatting, as far as Alembic's file_template goes: %(key)s, %(key)d, %(key).2d,
// %(key)02d, %%.
std::string expand(const std::string& file_template, const std::vector<Field>& fields) {
  std::string out;
  std::string_view rest = file_template;
  while (!rest.empty()) {
    const std::size_t percent = std::min(rest.find('%'), rest.size());
    out.append(rest.substr(0, percent));
    rest.remove_prefix(percent);
    if (rest.empty()) break;
    if (rest.starts_with("%%")) {
      out += '%';
      rest.remove_prefix(2);
      continue;
    }
    const std::size_t closing = rest.find(')');
    if (!rest.starts_with("%(") || closing == std::string_view::npos) {
      fail_template(file_template, "a % in the file template that begins no %(name)s");
    }
    const std::string_view key = rest.substr(2, closing - 2);
    rest.remove_prefix(closing + 1);
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [key](const Field& one) { return one.key == key; });
    if (field == fields.end()) {
      fail_template(file_template, text("unknown name '", key, "' in the file template"));
    }
    std::size_t width = 0;
    while (!rest.empty() && (rest[0] == '.' || sql::is_digit(rest[0]))) {
      if (rest[0] != '.') width = std::min<std::size_t>(width * 10 + (rest[0] - '0'), 99);
      rest.remove_prefix(1);
    }
    if (rest.empty() || (rest[0] != 's' && rest[0] != 'd')) {
      fail_template(file_template,
                    text("'%(", key, ")' in the file template has no s or d behind"));
    }
    out += rest[0] == 'd' ? padded(field->value, width) : field->value;
    rest.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::string slug(std::string_view message, int truncate_length) {
  std::string joined;
  std::size_t characters = 0;
  std::size_t cut = 0;  // where the limit falls
  bool gap = false;
  const auto append = [&](std::string_view bytes) {
    joined += to_lower(bytes);
    if (++characters == static_cast<std::size_t>(std::max(truncate_length, 0))) cut = joined.size();
  };
  while (!message.empty()) {
    const Character character = first_character(message);
    message.remove_prefix(character.bytes.size());
    if (!is_word_character(character.code)) {
      gap = !joined.empty();
      continue;
    }
    if (std::exchange(gap, false)) append("_");
    append(character.bytes);
  }
  if (characters <= static_cast<std::size_t>(std::max(truncate_length, 0))) return joined;
  joined.resize(cut);
  joined.resize(std::min(joined.rfind('_'), joined.size()));
  return joined + '_';
}

std::string file_name(const Locations& locations, const std::string& id, const std::string& message,
                      std::chrono::system_clock::time_point time, const std::string& extension) {
  check_revision_id(id, "");
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local = {};
  localtime_r(&seconds, &local);
  const std::vector<Field> fields = {
      {"rev", id},
      {"slug", slug(message, locations.truncate_slug_length)},
      {"epoch", text(seconds)},
      {"year", text(local.tm_year + 1900)},
      {"month", text(local.tm_mon + 1)},
      {"day", text(local.tm_mday)},
      {"hour", text(local.tm_hour)},
      {"minute", text(local.tm_min)},
      {"second", text(local.tm_sec)},
  };
  return expand(locations.file_template, fields) + extension;
}

void write_new_file(const fs::path& path, std::string_view content) {
  const auto fail = [&path](const char* what, const std::string& why) {
    throw Error(ErrorKind::storage, text(what, ": ", why), path.string());
  };
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) fail("cannot make the folder of the file", error.message());
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) {
    throw Error(ErrorKind::usage, "the file exists already", path.string(),
                "choose another message or revision id, or remove the file");
  }
  if (file < 0) fail("cannot make the file", std::strerror(errno));
  int number = 0;
  while (!content.empty() && number == 0) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      number = errno;
    }
  }
  if (number == 0 && fsync(file) != 0) number = errno;
  if (close(file) != 0 && number == 0) number = errno;
  if (number == 0) return;
  unlink(path.c_str());
  fail("cannot write the file", std::strerror(number));
}

std::string random_revision_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device device;
  std::string id;
  for (int digit = 0; digit < 12; ++digit) id += kDigits[device() & 15u];
  return id;
}

}  // namespace pgseed::migrate
