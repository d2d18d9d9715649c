#include "pgseed/migrate/alembic_ini.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

constexpr int kDeepestInterpolation = 10;  // as configparser

struct Option {
  std::string value;  // its lines, not yet interpolated
  std::uint64_t line = 0;
};
using Options = std::map<std::string, Option>;

[[noreturn]] void fail(const std::string& path, std::uint64_t line, const std::string& message,
                       const std::string& hint = "") {
  throw Error(ErrorKind::input, message, text(path, ':', line), hint);
}

// [DEFAULT] and [alembic]; the other sections are only walked over.
struct Sections {
  Options defaults;
  Options alembic;
  bool has_alembic = false;

  const Option* find(const std::string& name) const {
    for (const Options* options : {&alembic, &defaults}) {
      if (const auto found = options->find(name); found != options->end()) return &found->second;
    }
    return nullptr;
  }
};

// The line structure of configparser: what is indented deeper than its key continues the value.
class LineReader {
 public:
  LineReader(std::string_view content, const std::string& path) : path_(path) {
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    while (!content.empty()) {
      const std::size_t end = std::min(content.find_first_of("\r\n"), content.size());
      ++line_;
      read_line(content.substr(0, end));
      const std::size_t width = content.substr(end).starts_with("\r\n") ? 2 : 1;
      content.remove_prefix(std::min(end + width, content.size()));
    }
    for (Options* options : {&sections_.defaults, &sections_.alembic}) {
      for (auto& [name, option] : *options) {
        while (!option.value.empty() &&
               trim(option.value.substr(option.value.size() - 1)).empty()) {
          option.value.pop_back();
        }
      }
    }
  }

  Sections take() { return std::move(sections_); }

 private:
  void read_line(std::string_view line) {
    const std::string_view words = trim(line);
    if (words.empty()) {
      if (option_ != nullptr) option_->value += '\n';
      return;
    }
    if (words.front() == '#' || words.front() == ';') return;
    const auto indent = static_cast<std::size_t>(words.data() - line.data());
    if (in_option_ && indent > indent_) {
      if (option_ != nullptr) option_->value += "\n" + std::string(words);
      return;
    }
    indent_ = indent;
    const std::size_t closing = words.rfind(']');
    if (words.front() == '[' && closing != std::string_view::npos && closing > 1) {
      begin_section(words.substr(1, closing - 1));
      return;
    }
    if (!in_section_) {
      fail(path_, line_, "there is a line before the first [section]", "begin with [alembic]");
    }
    const std::size_t delimiter = words.find_first_of("=:");
    if (delimiter == std::string_view::npos || delimiter == 0) {
      fail(path_, line_, "the line is neither a [section] nor a setting",
           "write name = value; indent the lines that continue a value");
    }
    begin_option(trim(words.substr(0, delimiter)), trim(words.substr(delimiter + 1)));
  }

  void begin_section(std::string_view name) {
    in_section_ = true;
    in_option_ = false;
    option_ = nullptr;
    options_ = nullptr;
    if (name == "DEFAULT") options_ = &sections_.defaults;
    if (name != "alembic") return;
    if (sections_.has_alembic) fail(path_, line_, "the section [alembic] stands there twice");
    sections_.has_alembic = true;
    options_ = &sections_.alembic;
  }

  void begin_option(std::string_view name, std::string_view value) {
    in_option_ = true;
    option_ = nullptr;
    if (options_ == nullptr) return;
    const auto [place, is_new] =
        options_->try_emplace(to_lower(name), Option{std::string(value), line_});
    if (!is_new) {
      fail(path_, line_, text("the setting ", place->first, " stands there twice"),
           text("it stands in line ", place->second.line, " already; remove one"));
    }
    option_ = &place->second;
  }

  const std::string& path_;
  std::uint64_t line_ = 0;
  Sections sections_;
  bool in_section_ = false;
  bool in_option_ = false;      // a deeper line continues the option before it
  std::size_t indent_ = 0;      // of the last section or option
  Options* options_ = nullptr;  // of this section; nullptr: of no interest
  Option* option_ = nullptr;
};

// A value with its %(name)s filled in.
class Interpolation {
 public:
  Interpolation(const Sections& sections, const std::string& path, const std::string& here)
      : sections_(sections), path_(path), here_(here) {}

  // Throws Error{input}; the message holds no part of the value but the missing name.
  std::string resolve(const std::string& name, const Option& option) const {
    std::string out;
    append(out, option.value, name, option.line, 1);
    return out;
  }
  // The name that nothing defines, if that is what is wrong with the value.
  bool is_resolvable(const Option& option) const {
    std::string_view rest = option.value;
    for (;;) {
      const std::size_t at = rest.find("%(");
      if (at == std::string_view::npos) return true;
      // %%( is a percent sign and a bracket.
      std::size_t percents = 1;
      while (percents <= at && rest[at - percents] == '%') ++percents;
      const std::size_t end = rest.find(")s", at);
      if (percents % 2 == 1 && end != std::string_view::npos) {
        const std::string name = to_lower(rest.substr(at + 2, end - at - 2));
        if (name != "here" && sections_.find(name) == nullptr) return false;
      }
      rest.remove_prefix(at + 2);
    }
  }

 private:
  void append(std::string& out, std::string_view value, const std::string& name, std::uint64_t line,
              int depth) const {
    if (depth > kDeepestInterpolation) {
      fail(path_, line, text("the setting ", name, " refers to itself"));
    }
    for (;;) {
      const std::size_t at = std::min(value.find('%'), value.size());
      out += value.substr(0, at);
      value.remove_prefix(at);
      if (value.empty()) return;
      if (value.starts_with("%%")) {
        out += '%';
        value.remove_prefix(2);
        continue;
      }
      const std::size_t end = value.find(')');
      if (!value.starts_with("%(") || end == std::string_view::npos || value[end - 1] == '(' ||
          end + 1 >= value.size() || value[end + 1] != 's') {
        fail(path_, line, text("the setting ", name, " has a single percent sign"),
             "write %% for a percent sign, %(name)s for another setting's value");
      }
      const std::string wanted = to_lower(value.substr(2, end - 2));
      if (const Option* const option = sections_.find(wanted); option != nullptr) {
        append(out, option->value, name, line, depth + 1);
      } else if (wanted == "here") {
        out += here_;
      } else {
        fail(path_, line,
             text("the setting ", name, " refers to %(", wanted, ")s, which is not set"),
             text("set ", wanted, " in [alembic] or [DEFAULT]"));
      }
      value.remove_prefix(end + 2);
    }
  }

  const Sections& sections_;
  const std::string& path_;
  const std::string& here_;
};

// "package.part:folder" names a folder inside a Python package: the package's own folder is taken
// to be below the working directory, where Alembic's projects keep it.
std::string as_folder(std::string location) {
  const std::size_t colon = location.find_first_not_of(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
  if (colon == std::string::npos || colon == 0 || location[colon] != ':') return location;
  std::replace(location.begin(), location.begin() + static_cast<long>(colon), '.', '/');
  location[colon] = '/';
  return location;
}

std::vector<std::string> split_at(std::string_view value, std::string_view separators) {
  std::vector<std::string> parts;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(separators), value.size());
    const std::string_view part = trim(value.substr(0, end));
    if (!part.empty()) parts.push_back(as_folder(std::string(part)));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return parts;
}

std::string separators_named(const std::string& name, const std::string& path, std::uint64_t line) {
  if (name == "space") return " ";
  if (name == "newline") return "\n";
  if (name == "os" || name == ":") return ":";
  if (name == ";") return ";";
  // Alembic's own old template has a remark behind "os"; it is part of the value and refused there.
  fail(path, line, "the path separator is none that Alembic knows",
       "write space, newline, os, : or ; and nothing behind it, not even a comment");
}

int slug_length(const std::string& value, const std::string& path, std::uint64_t line) {
  const std::string_view digits = trim(value);
  int length = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (problem != std::errc{} || end != digits.data() + digits.size() || length < 0) {
    fail(path, line, "truncate_slug_length is not a number");
  }
  return length == 0 ? AlembicIni{}.truncate_slug_length : length;  // as Alembic
}

bool is_true(std::string_view value) {
  for (const std::string_view yes : {"true", "1", "yes", "on"}) {
    if (equals_ignoring_case(value, yes)) return true;
  }
  return false;
}

}  // namespace

AlembicIni parse_alembic_ini(std::string_view content, const std::string& path,
                             const std::string& here) {
  const Sections sections = LineReader(content, path).take();
  if (!sections.has_alembic) {
    fail(path, 1, "the file has no section [alembic]", "is this Alembic's configuration?");
  }
  const Interpolation interpolation(sections, path, here);
  const auto value_of = [&](const std::string& name) -> std::optional<std::string> {
    const Option* const option = sections.find(name);
    if (option == nullptr) return std::nullopt;
    std::string value = interpolation.resolve(name, *option);
    if (value.empty()) return std::nullopt;
    return value;
  };
  const auto line_of = [&](const std::string& name) { return sections.find(name)->line; };

  AlembicIni ini;
  const auto location = value_of("script_location");
  if (!location) {
    fail(path, 1, "the section [alembic] has no script_location",
         "write script_location = and the folder that holds env.py");
  }
  ini.script_location = as_folder(*location);
  if (const auto locations = value_of("version_locations")) {
    std::string separators = ", ";  // Alembic's older rule, where no separator is named
    for (const char* const name : {"version_path_separator", "path_separator"}) {
      if (const auto named = value_of(name))
        separators = separators_named(*named, path, line_of(name));
    }
    ini.version_locations = split_at(*locations, separators);
  }
  if (const auto file_template = value_of("file_template")) ini.file_template = *file_template;
  if (const auto length = value_of("truncate_slug_length")) {
    ini.truncate_slug_length = slug_length(*length, path, line_of("truncate_slug_length"));
  }
  ini.timezone = value_of("timezone");
  // env.py often defines the names of a URL's parts itself; and the address of Alembic's template
  // leads nowhere.
  if (const Option* const url = sections.find("sqlalchemy.url");
      url != nullptr && interpolation.is_resolvable(*url)) {
    ini.sqlalchemy_url = value_of("sqlalchemy.url");
    if (ini.sqlalchemy_url == "driver://user:pass@localhost/dbname") ini.sqlalchemy_url.reset();
  }
  if (const auto recursive = value_of("recursive_version_locations")) {
    ini.recursive_version_locations = is_true(*recursive);
  }
  return ini;
}

}  // namespace pgseed::migrate
