#include "pgseed/rest/catalog.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::rest {
namespace {

using Members = std::vector<json::Member>;

std::optional<Members> object_in(const Members& members, std::string_view name) {
  const auto* value = json::find(members, name);
  return value == nullptr ? std::nullopt : json::try_read_object(*value);
}

std::string text_in(const Members& members, std::string_view name) {
  const auto* value = json::find(members, name);
  return value == nullptr ? std::string() : *value;
}

// `format` is format_type() without its length; later servers write integers as OpenAPI does.
std::string type_of(const Members& property) {
  auto type = text_in(property, "format");
  if (type == "int32") return "integer";
  if (type == "int64") return "bigint";
  const bool has_length = type == "character varying" || type == "character";
  if (has_length) {
    if (const auto* length = json::find(property, "maxLength")) {
      type = text(type, '(', *length, ')');
    }
  }
  return type;
}

// What stands between two marks, or nothing.
std::optional<std::string> between(std::string_view words, std::string_view before,
                                   std::string_view after) {
  const auto found = words.find(before);
  if (found == std::string_view::npos) return std::nullopt;
  const auto begin = found + before.size();
  const auto end = words.find(after, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(words.substr(begin, end - begin));
}

// Keys are told in the column's description, behind its comment:
// "This is a Foreign Key to `parent.id`.<fk table='parent' column='id'/>".
void read_keys(const std::string& column, std::string_view description, const std::string& schema,
               Table& table) {
  if (description.find("This is a Primary Key.<pk/>") != std::string_view::npos) {
    table.primary_key.push_back(column);
  }
  const auto tag = description.rfind("<fk table='");
  if (tag == std::string_view::npos) return;
  const auto rest = description.substr(tag);
  const auto parent = between(rest, "<fk table='", "' column='");
  const auto parent_column = between(rest, "' column='", "'/>");
  if (!parent || !parent_column) return;
  table.foreign_keys.push_back({{column}, {schema, *parent}, {*parent_column}});
}

Table read_table(const std::string& name, const Members& definition, const std::string& schema) {
  Table table;
  table.name = {schema, name};
  std::vector<std::string> not_null;
  if (const auto* required = json::find(definition, "required")) {
    for (auto& element : json::try_read_array(*required).value_or(Members{})) {
      if (element.was_string) not_null.push_back(*std::move(element.value));
    }
  }
  for (const auto& property : object_in(definition, "properties").value_or(Members{})) {
    Column column;
    column.name = property.name;
    column.not_null = std::find(not_null.begin(), not_null.end(), property.name) != not_null.end();
    if (property.value) {
      const auto attributes = json::try_read_object(*property.value).value_or(Members{});
      column.type = type_of(attributes);
      column.has_default = json::find(attributes, "default") != nullptr;
      read_keys(property.name, text_in(attributes, "description"), schema, table);
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace

std::optional<Model> read_openapi(std::string_view document, const std::string& schema) {
  const auto root = json::try_read_object(document);
  if (!root || !text_in(*root, "swagger").starts_with("2.") || !object_in(*root, "paths")) {
    return std::nullopt;
  }
  Model model;
  for (const auto& definition : object_in(*root, "definitions").value_or(Members{})) {
    const auto members =
        definition.value ? json::try_read_object(*definition.value) : std::optional<Members>();
    if (members) model.tables.push_back(read_table(definition.name, *members, schema));
  }
  return model;
}

}  // namespace pgseed::rest
