#include "pgseed/migrate/alembic_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/python_text.hpp"
#include "pgseed/migrate/revision_file.hpp"
#include "pgseed/migrate/section_finder.hpp"

namespace pgseed::migrate {
namespace {

using python::Scanner;

constexpr std::string_view kTwinMark = "# pgseed:twin";
constexpr int kDeepestBrackets = 32;

// What an expression gives: None, a string, or strings in brackets.
struct Value {
  bool is_none = false;
  bool is_sequence = false;
  std::vector<std::string> items;
};

// The top-level assignments that place a revision in the graph. Of a name assigned twice the last
// one counts, as when Python runs the file.
class FileReader {
 public:
  FileReader(std::string_view content, const std::string& path) : scanner_(content, path) {
    for (bool first = true; scanner_.next_line(); first = false) read_line(first);
  }

  const std::string& docstring() const { return docstring_; }

  // nullptr: never assigned.
  const Value* find(std::string_view name) const {
    for (const Field& field : fields_) {
      if (field.name == name && field.assigned) return &field.value;
    }
    return nullptr;
  }
  // What the name holds as a list: None is empty, one string a list of one.
  std::vector<std::string> list(std::string_view name) const {
    const Value* const value = find(name);
    return value == nullptr ? std::vector<std::string>{} : value->items;
  }

 private:
  struct Field {
    std::string_view name;
    bool assigned = false;
    Value value = {};
  };

  // A line at column 0, with the simple statements that ';' strings together.
  void read_line(bool first) {
    if (first && scanner_.at_string()) read_docstring();
    bool compound = false;
    for (;;) {
      scanner_.skip_blanks(false);
      const std::string_view name = scanner_.read_name();
      if (Field* const field = field_of(name); field != nullptr && !compound) {
        read_assignment(*field);
      } else {
        compound = compound || opens_block(name);
      }
      if (scanner_.skip_to(";") != ';') return;
      scanner_.advance();
    }
  }

  void read_docstring() {
    const python::Literal literal = scanner_.read_strings(false);
    const char next = scanner_.peek();
    const bool alone = next == ';' || next == '\n' || next == '\0';
    if (alone && literal.is_text) docstring_ = literal.value;
  }

  void read_assignment(Field& field) {
    const std::uint64_t line = scanner_.line();
    scanner_.skip_blanks(false);
    if (scanner_.peek() == ':') {  // an annotation; without "=" it assigns nothing
      scanner_.advance();
      if (scanner_.skip_to("=;") != '=') return;
    }
    const char next = scanner_.peek();
    if (next == '=' && scanner_.peek(1) != '=') {
      scanner_.advance();
      field.value = read_value(field, line);
      field.assigned = true;
    } else if (next == ',' || (next != '\0' && scanner_.peek(1) == '=' && next != '=')) {
      fail_computed(field, line);  // unpacking, += and the like
    }
  }

  Value read_value(const Field& field, std::uint64_t line) {
    Value value = read_element(field, line, 0, false);
    scanner_.skip_blanks(false);
    if (scanner_.peek() == ',') {  // a tuple without parentheses
      if (value.is_none || value.is_sequence) fail_computed(field, line);
      value.is_sequence = true;
      while (scanner_.peek() == ',') {
        scanner_.advance();
        scanner_.skip_blanks(false);
        if (at_statement_end()) break;
        add(value, read_element(field, line, 0, false), field, line);
        scanner_.skip_blanks(false);
      }
    }
    if (!at_statement_end()) fail_computed(field, line);
    return value;
  }

  Value read_element(const Field& field, std::uint64_t line, int depth, bool in_brackets) {
    Value value;
    scanner_.skip_blanks(in_brackets);
    if (scanner_.at_string()) {
      python::Literal literal = scanner_.read_strings(in_brackets);
      if (!literal.is_text) fail_computed(field, line);
      value.items.push_back(std::move(literal.value));
      return value;
    }
    static constexpr std::string_view kOpening = "([{";
    const std::size_t bracket = kOpening.find(scanner_.peek());
    if (scanner_.at_end() || bracket == std::string_view::npos) {
      if (scanner_.read_name() != "None") fail_computed(field, line);
      value.is_none = true;
      return value;
    }
    if (depth >= kDeepestBrackets) fail_computed(field, line);
    const char closing = ")]}"[bracket];
    const std::uint64_t opening_line = scanner_.line();
    value.is_sequence = true;
    bool comma = false;
    std::size_t count = 0;
    Value element;
    for (scanner_.advance();; scanner_.advance()) {
      scanner_.skip_blanks(true);
      if (scanner_.peek() == closing) break;
      if (scanner_.at_end()) scanner_.fail("a bracket is never closed", opening_line);
      element = read_element(field, line, depth + 1, true);
      ++count;
      if (!element.is_none && !element.is_sequence) add(value, element, field, line);
      scanner_.skip_blanks(true);
      if (scanner_.at_end()) scanner_.fail("a bracket is never closed", opening_line);
      if (scanner_.peek() != ',') break;
      comma = true;
    }
    if (scanner_.peek() != closing) fail_computed(field, line);
    scanner_.advance();
    if (closing == ')' && count == 1 && !comma) return element;  // only grouping
    if (value.items.size() != count) fail_computed(field, line);
    return value;
  }

  void add(Value& value, const Value& element, const Field& field, std::uint64_t line) const {
    if (element.is_none || element.is_sequence) fail_computed(field, line);
    value.items.push_back(element.items.front());
  }

  [[noreturn]] void fail_computed(const Field& field, std::uint64_t line) const {
    scanner_.fail(text("the value of ", field.name, " is computed"), line,
                  "write it as a string, a tuple of strings or None; Python is not run for this");
  }

  bool at_statement_end() const {
    const char next = scanner_.peek();
    return scanner_.at_end() || next == ';' || next == '\n' || next == '#';
  }

  Field* field_of(std::string_view name) {
    for (Field& field : fields_) {
      if (field.name == name) return &field;
    }
    return nullptr;
  }

  // What follows such a word on its line runs only sometimes, or later.
  static bool opens_block(std::string_view word) {
    static constexpr std::array<std::string_view, 12> kWords = {
        "if",     "elif",    "else", "for", "while", "try",
        "except", "finally", "with", "def", "class", "async"};
    for (const std::string_view each : kWords) {
      if (word == each) return true;
    }
    return false;
  }

  Scanner scanner_;
  std::string docstring_;
  std::array<Field, 4> fields_ = {
      {{"revision"}, {"down_revision"}, {"branch_labels"}, {"depends_on"}}};
};

// The lines of a paragraph as one.
std::string on_one_line(std::string_view paragraph) {
  std::string out;
  while (!paragraph.empty()) {
    const std::size_t end = std::min(paragraph.find('\n'), paragraph.size());
    const std::string_view line = trim(paragraph.substr(0, end));
    if (!line.empty()) out += (out.empty() ? "" : " ") + std::string(line);
    paragraph.remove_prefix(std::min(end + 1, paragraph.size()));
  }
  return out;
}

std::string create_date(std::string_view docstring) {
  static constexpr std::string_view kLabel = "Create Date:";
  while (!docstring.empty()) {
    const std::size_t end = std::min(docstring.find('\n'), docstring.size());
    const std::string_view line = trim(docstring.substr(0, end));
    if (line.starts_with(kLabel)) return std::string(trim(line.substr(kLabel.size())));
    docstring.remove_prefix(std::min(end + 1, docstring.size()));
  }
  return {};
}

}  // namespace

Revision parse_alembic_file(std::string_view content, const std::string& path) {
  const FileReader file(checked_text(content, path), path);
  Revision revision;
  revision.path = path;
  revision.format = FileFormat::alembic;
  const Value* const id = file.find("revision");
  if (id == nullptr || id->items.size() != 1 || id->is_sequence || id->items[0].empty()) {
    throw Error(ErrorKind::input, "the file has no revision", path + ":1",
                "give it a line such as revision = \"1975ea83b712\" at the beginning of a line; a "
                "helper module's name begins with __init__ or a dot, or it lives elsewhere");
  }
  revision.id = id->items[0];
  // Alembic cannot load such a file either; taken for a base it would change the graph.
  if (file.find("down_revision") == nullptr) {
    throw Error(ErrorKind::input, text("revision ", revision.id, " has no down_revision"),
                path + ":1", "write down_revision = None for the first revision of a branch");
  }
  revision.down_revisions = file.list("down_revision");
  revision.branch_labels = file.list("branch_labels");
  revision.depends_on = file.list("depends_on");
  revision.description = trim(file.docstring());
  const std::size_t paragraph = revision.description.find("\n\n");
  revision.message = on_one_line(std::string_view(revision.description).substr(0, paragraph));
  revision.created = create_date(revision.description);
  if (!is_alembic_twin(content)) revision.alembic_sha256 = alembic_checksum(content);
  return revision;
}

std::string alembic_checksum(std::string_view content) {
  Section whole;
  whole.text = content;
  return section_checksum(whole);
}

bool is_alembic_file_name(std::string_view name) {
  return name.ends_with(".py") && !name.starts_with(".") && !name.starts_with("__init__");
}

bool is_alembic_twin(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  // Licence lines may have been put above the mark, code may not.
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = trim(content.substr(0, end));
    if (line.starts_with(kTwinMark)) return true;
    if (!line.empty() && line.front() != '#') return false;
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return false;
}

}  // namespace pgseed::migrate
