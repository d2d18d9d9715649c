#pragma once
// The little language of a mapping's made values, "prob_{row:05}_{md5:latex,lean:16}":
//
//   {row} {row:05}             the row's number in its table, from 1; with zeros up to that width
//   {COLUMN} {column:COLUMN}   the value of a column of the source
//   {md5:A,B} {md5:A,B:16}     hex digits of MD5 over the columns' texts, one behind the other
//   {uuid} {uuid:A,B}          a random UUID; one of version 5 over the columns' texts
//   {now}                      the time of the run
//   {{ }}                      a brace
//
// Names of columns may stand in double quotes, as they must with any of { } , : " in them. Pure.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::seed {

enum class TemplateKind : std::uint8_t { literal, row, column, md5, uuid, uuid_of, now };

struct TemplatePiece {
  TemplateKind kind = TemplateKind::literal;
  std::string literal;
  std::size_t width = 0;             // of row: zeros up to it; of md5: how many digits
  std::vector<std::string> columns;  // of column (one), md5 and uuid_of
};

struct Template {
  std::vector<TemplatePiece> pieces;

  // Every run of the program makes the same of the same rows.
  bool is_stable() const;
};

struct TemplateProblem {
  std::size_t position;  // of the character, from 1
  std::string message;
  std::string hint;
};

// Throws TemplateProblem.
Template parse_template(std::string_view text);

}  // namespace pgseed::seed
