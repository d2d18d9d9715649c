#include "pgseed/seed/input/reject_text.hpp"

#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/sql/literal.hpp"

namespace pgseed::seed {
namespace {

std::string quoted_name(const std::string& name) {
  std::string out = "\"";
  for (const char byte : name) out += byte == '"' ? "\"\"" : std::string(1, byte);
  return out + '"';
}

[[noreturn]] void refuse() {
  throw Error(ErrorKind::input, "a line of the reject file is not what pgseed writes", "",
              "each line is an object with schema, table and values; take a broken line out");
}

}  // namespace

bool is_reject_file(std::string_view first_block) {
  const std::string_view line = first_block.substr(0, first_block.find('\n'));
  return line.starts_with("{\"file\":") && line.find("\"table\":") != std::string_view::npos;
}

std::string reject_to_sql(std::string_view line) {
  if (trim(line).empty()) return {};
  const auto members = json::try_read_object(line);
  if (!members) refuse();
  const std::string* const schema = json::find(*members, "schema");
  const std::string* const table = json::find(*members, "table");
  const std::string* const values = json::find(*members, "values");
  if (schema == nullptr || table == nullptr || values == nullptr) refuse();
  const auto columns = json::try_read_object(*values);
  if (!columns) refuse();
  const std::string target = text("INSERT INTO ", quoted_name(*schema), '.', quoted_name(*table));
  if (columns->empty()) return target + " DEFAULT VALUES;";
  std::string names, texts;
  for (const json::Member& column : *columns) {
    names += (names.empty() ? "" : ", ") + quoted_name(column.name);
    texts +=
        (texts.empty() ? "" : ", ") + (column.value ? sql::quote_literal(*column.value) : "NULL");
  }
  return text(target, " (", names, ") VALUES (", texts, ");");
}

}  // namespace pgseed::seed
