// The language of made values.
#include "pgseed/seed/input/template.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

// "[text] row/5 column(a) md5(a,b)/16"
std::string shown(std::string_view written) {
  std::string out;
  for (const TemplatePiece& piece : parse_template(written).pieces) {
    constexpr const char* kNames[] = {"", "row", "column", "md5", "uuid", "uuid_of", "now"};
    if (!out.empty()) out += ' ';
    if (piece.kind == TemplateKind::literal) out += text('[', piece.literal, ']');
    out += kNames[static_cast<std::size_t>(piece.kind)];
    std::string columns;
    for (const std::string& column : piece.columns) {
      columns += text(columns.empty() ? "" : ",", column);
    }
    if (!columns.empty()) out += text('(', columns, ')');
    if (piece.width > 0) out += text('/', piece.width);
  }
  return out;
}

}  // namespace

TEST_CASE("mapping template: every form is read") {
  const struct {
    const char* written;
    const char* pieces;
  } cases[] = {
      {"", ""},
      {"plain", "[plain]"},
      {"{row}", "row"},
      {"{row:05}", "row/5"},
      {"{row:020}", "row/20"},
      {"prob_{row:05}_{md5:latex,lean:16}", "[prob_] row/5 [_] md5(latex,lean)/16"},
      {"{md5:a}", "md5(a)/32"},
      {"{md5: a , b :1}", "md5(a,b)/1"},
      {"{uuid}", "uuid"},
      {"{uuid:a,b}", "uuid_of(a,b)"},
      {"{now}", "now"},
      {"{title}", "column(title)"},
      {"{ title }", "column(title)"},
      {"{Größe}", "column(Größe)"},
      {"{column:row}{column:md5}", "column(row) column(md5)"},
      {"{\"row\"}", "column(row)"},
      {"{\"a,b:{c}\"}", "column(a,b:{c})"},
      {"{\"say \"\"hi\"\"\"}", "column(say \"hi\")"},
      {"{md5:\"a,b\",c:8}", "md5(a,b,c)/8"},
      {"{{row}}", "[{row}]"},
      {"{{{row}}}", "[{] row [}]"},
      {"}}{{", "[}{]"},
      {"{{\"a\": {row}}}", "[{\"a\": ] row [}]"},
  };
  for (const auto& [written, pieces] : cases) {
    CAPTURE(written);
    CHECK(shown(written) == pieces);
  }
}

TEST_CASE("mapping template: what is wrong is told with its position") {
  const struct {
    const char* written;
    std::size_t position;
    const char* message;
  } cases[] = {
      {"a{", 2, "a { without its }"},
      {"{row", 5, "a { without its }"},
      {"ä}", 2, "a } without its {"},
      {"{}", 2, "a name is missing"},
      {"{ }", 3, "a name is missing"},
      {"{md5}", 1, "{md5} names no column"},
      {"{column}", 1, "{column} names no column"},
      {"{md5:}", 6, "a name is missing"},
      {"{md5:a,}", 8, "a name is missing"},
      {"{md5:a:0}", 1, "MD5 has 1 to 32 digits to take"},
      {"{md5:a:33}", 1, "MD5 has 1 to 32 digits to take"},
      {"{md5:a:}", 1, "MD5 has 1 to 32 digits to take"},
      {"{md5:a:99999999999999999999}", 1, "MD5 has 1 to 32 digits to take"},
      {"{md5:a:16x}", 10, "expected a }"},
      {"{row:5}", 1, "the width of {row} is 0 and a number from 1 to 20"},
      {"{row:}", 1, "the width of {row} is 0 and a number from 1 to 20"},
      {"{row:00}", 1, "the width of {row} is 0 and a number from 1 to 20"},
      {"{row:021}", 1, "the width of {row} is 0 and a number from 1 to 20"},
      {"{now:x}", 5, "expected a }"},
      {"{sha1:a}", 1, "nothing is called {sha1:...}"},
      {"{column:a,b}", 1, "{column:...} takes one column"},
      {"{a,b}", 3, "expected a }"},
      {"{\"a}", 1, "a name in quotes that never ends"},
      {"{\"a\":3}", 5, "nothing may follow the column a"},
      {"{\"\"}", 4, "a name is missing"},
      {"{a{b}}", 3, "expected a }"},
  };
  for (const auto& [written, position, message] : cases) {
    CAPTURE(written);
    try {
      parse_template(written);
      FAIL("nothing was thrown");
    } catch (const TemplateProblem& problem) {
      CHECK(problem.position == position);
      CHECK(problem.message == message);
      CHECK(!problem.hint.empty());
    }
  }
}

TEST_CASE("mapping template: it is known which values are others in every run") {
  CHECK(parse_template("a{row}{md5:a}{uuid:a}{a}").is_stable());
  CHECK(!parse_template("a{uuid}").is_stable());
  CHECK(!parse_template("{row}{now}").is_stable());
}

}  // namespace pgseed::seed
