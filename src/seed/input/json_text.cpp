#include "pgseed/seed/input/json_text.hpp"

#include <algorithm>
#include <utility>

#include "json_problem.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/json/members.hpp"
#include "pgseed/json/writer.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/text_place.hpp"

namespace pgseed::seed {
namespace {

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// '...', or E'...' where a line end must not break the line.
void append_sql_string(std::string& out, std::string_view value) {
  const char* at = value.data();
  const char* const end = at + value.size();
  const bool one_line = find_either(at, end, '\n', '\r') == end;
  out += one_line ? "'" : "E'";
  while (at < end) {
    const char* stop = find_either(at, end, '\'', one_line ? '\'' : '\\');
    if (!one_line) stop = find_either(at, stop, '\n', '\r');
    out.append(at, stop);
    if (stop == end) break;
    if (*stop == '\n') {
      out += "\\n";
    } else if (*stop == '\r') {
      out += "\\r";
    } else {
      out.append(2, *stop);  // a quote or a backslash stands twice
    }
    at = stop + 1;
  }
  out += '\'';
}

class JsonText final : public RowText {
 public:
  JsonText(const RowOptions& options, std::string name)
      : options_(options),
        name_(std::move(name)),
        table_(to_sql(TableName{options.schema, options.table})) {}

  void set_json_columns(std::vector<std::string> columns) override {
    json_columns_ = std::move(columns);
  }

  void add(std::string_view block, std::string& out) override {
    const char* at = block.data();
    const char* const end = at + block.size();
    const char* object = at;  // where it begins in this block
    const char* placed = at;  // place_ is here
    const auto pass_to = [&](const char* to) {
      place_.pass({placed, static_cast<std::size_t>(to - placed)});
      placed = to;
    };
    while (at < end) {
      if (depth_ == 0) {
        if (is_blank(*at)) {
          ++at;
          continue;
        }
        if (*at != '{') {
          mark(*at, [&] { pass_to(at); });
          ++at;
          continue;
        }
        pass_to(at);
        begin_object();
        object = at++;
        continue;
      }
      at = inside(at, end);
      if (depth_ > 0) break;
      const std::string_view part(object, static_cast<std::size_t>(at - object));
      if (carried_.empty()) {
        row(part, out);
      } else {
        carried_.append(part);
        row(carried_, out);
        carried_.clear();
      }
    }
    pass_to(end);
    if (depth_ > 0) {
      carried_.append(object, end);
      if (carried_.size() > options_.max_row_bytes) {
        throw Error(ErrorKind::input,
                    text("an object is longer than ", human_bytes(options_.max_row_bytes)),
                    where(object_place_),
                    "raise the limit with --max-row-bytes, or look for a bracket or quote that is "
                    "never closed");
      }
    }
  }

  void finish(std::string& out) override {
    if (depth_ > 0) {
      row(carried_, out);  // what breaks off may be broken before its end
    }
    if (list_ == List::array || list_ == List::after_value || list_ == List::after_comma) {
      fail(place_, "the array is never closed", "the file may be cut short");
    }
    if (!names_.empty()) out += ";\n";
  }

 private:
  // What stands between the objects.
  enum class List { unknown, lines, array, after_value, after_comma, done };

  // A byte between objects that begins none.
  template <class PassTo>
  void mark(char byte, const PassTo& pass_here) {
    if (byte == '[' && list_ == List::unknown) {
      list_ = List::array;
    } else if (byte == ',' && list_ == List::after_value) {
      list_ = List::after_comma;
    } else if (byte == ']' && (list_ == List::array || list_ == List::after_value)) {
      list_ = List::done;
    } else {
      pass_here();
      fail(place_, expected(), "");
    }
  }

  const char* expected() const {
    switch (list_) {
      case List::after_value:
        return "expected ',' or ']' behind an object of the array";
      case List::done:
        return "something follows the end of the array";
      default:
        return "expected an object: each one is a row";
    }
  }

  void begin_object() {
    if (list_ == List::after_value || list_ == List::done) fail(place_, expected(), "");
    if (list_ == List::unknown) list_ = List::lines;
    object_place_ = place_;
    depth_ = 1;
  }

  // Moves to behind the bracket that closes the object, or to the end.
  const char* inside(const char* at, const char* end) {
    while (at < end) {
      if (in_string_) {
        if (std::exchange(escaped_, false)) {
          ++at;
          continue;
        }
        at = find_either(at, end, '"', '\\');
        if (at == end) break;
        if (*at == '"') in_string_ = false;
        escaped_ = *at == '\\';
        ++at;
        continue;
      }
      const char byte = *at++;
      if (byte == '"') {
        in_string_ = true;
      } else if (byte == '{' || byte == '[') {
        ++depth_;
      } else if ((byte == '}' || byte == ']') && --depth_ == 0) {
        break;
      }
    }
    return at;
  }

  void row(std::string_view object, std::string& out) {
    const std::vector<json::MemberView>* const members = reader_.read(object);
    if (members == nullptr) fail_inside(object);
    if (list_ != List::lines) list_ = List::after_value;
    if (members->empty()) {
      end_statement(out);
      to_line(out);
      out += text("INSERT INTO ", table_, " DEFAULT VALUES;");
      return;
    }
    if (same_columns(*members)) {
      out += ',';
      to_line(out);
    } else {
      end_statement(out);
      to_line(out);
      begin_statement(*members, out);
    }
    for (std::size_t index = 0; index < members->size(); ++index) {
      out += index == 0 ? '(' : ',';
      append_value((*members)[index], is_json_[index], out);
    }
    out += ')';
  }

  bool same_columns(const std::vector<json::MemberView>& members) const {
    return std::equal(members.begin(), members.end(), names_.begin(), names_.end(),
                      [](const json::MemberView& member, const std::string& name) {
                        return member.name == name;
                      });
  }

  void end_statement(std::string& out) {
    if (!names_.empty()) out += ';';
    names_.clear();
  }

  // The SQL goes on in the line where the object begins.
  void to_line(std::string& out) {
    out.append(static_cast<std::size_t>(object_place_.line - out_line_), '\n');
    out_line_ = object_place_.line;
  }

  void begin_statement(const std::vector<json::MemberView>& members, std::string& out) {
    is_json_.clear();
    for (const json::MemberView& member : members) {
      if (member.name.empty() || member.name.find('\0') != std::string::npos) {
        fail(object_place_, "a member's name can be no column", "");
      }
      names_.emplace_back(member.name);
      is_json_.push_back(std::find(json_columns_.begin(), json_columns_.end(), member.name) !=
                         json_columns_.end());
    }
    sorted_.assign(names_.begin(), names_.end());
    std::sort(sorted_.begin(), sorted_.end());
    const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end());
    if (twice != sorted_.end()) {
      fail(object_place_,
           text("the object has two members ", quote_identifier(std::string(*twice))), "");
    }
    if (names_.size() > kMostColumns) {
      fail(object_place_, text("the object has ", names_.size(), " members"), kMostColumnsHint);
    }
    out += text("INSERT INTO ", table_);
    for (std::size_t index = 0; index < names_.size(); ++index) {
      out += index == 0 ? " (" : ", ";
      append_name(names_[index], out);
    }
    out += ") VALUES ";
  }

  // On one line; a line end in a name has an escape of its own.
  static void append_name(const std::string& name, std::string& out) {
    const std::string quoted = quote_identifier(name);
    if (quoted.find('\n') == std::string::npos) {
      out += quoted;
      return;
    }
    out += "U&\"";
    for (const char byte : name) {
      if (byte == '\n') {
        out += "\\000A";
      } else {
        out.append(byte == '"' || byte == '\\' ? 2 : 1, byte);
      }
    }
    out += '"';
  }

  void append_value(const json::MemberView& member, bool to_json, std::string& out) {
    if (member.kind == json::MemberKind::null) {
      out += "NULL";
    } else if (member.kind == json::MemberKind::string && to_json) {
      as_json_.clear();
      json::append_string(as_json_, member.value);
      append_sql_string(out, as_json_.view());
    } else {
      if (member.value.find('\0') != std::string_view::npos) {
        fail(object_place_,
             text("the string of ", quote_identifier(std::string(member.name)),
                  " holds U+0000; PostgreSQL text cannot"),
             "");
      }
      append_sql_string(out, member.value);
    }
  }

  [[noreturn]] void fail_inside(std::string_view object) {
    const JsonProblem problem = find_json_problem(object);
    TextPlace place = object_place_;
    place.pass(object.substr(0, problem.offset));
    fail(place, problem.message, problem.hint);
  }

  std::string where(const TextPlace& place) const {
    return text(name_, ':', place.line, ':', place.column);
  }
  [[noreturn]] void fail(const TextPlace& place, std::string message, const char* hint) const {
    throw Error(ErrorKind::input, std::move(message), where(place), hint);
  }

  RowOptions options_;
  std::string name_;
  std::string table_;
  std::vector<std::string> json_columns_;
  List list_ = List::unknown;
  std::size_t depth_ = 0;  // of brackets; 0: between objects
  bool in_string_ = false;
  bool escaped_ = false;
  std::string carried_;  // the beginning of an object that goes on in the next block
  TextPlace place_, object_place_;

  std::vector<std::string> names_;  // columns of the statement that is open; none: none is
  std::vector<bool> is_json_;       // of these
  std::vector<std::string_view> sorted_;
  std::uint64_t out_line_ = 1;
  json::MemberReader reader_;
  json::Buffer as_json_;
};

}  // namespace

bool is_json_text(std::string_view beginning) {
  const auto first = std::find_if_not(beginning.begin(), beginning.end(), is_blank);
  return first != beginning.end() && (*first == '{' || *first == '[');
}

std::unique_ptr<RowText> make_json_text(const RowOptions& options, const std::string& name) {
  return std::make_unique<JsonText>(options, name);
}

}  // namespace pgseed::seed
