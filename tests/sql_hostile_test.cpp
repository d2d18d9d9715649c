// Sizes that nobody means well: each dialect's reader answers with rows, an unsupported row or an
// error, soon, and keeps no more than the limits allow.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/table_definition.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::sql;
using test::joined;
using test::transcript;

namespace {

constexpr Dialect kDialects[] = {Dialect::postgresql, Dialect::mysql, Dialect::sqlite};
constexpr std::size_t kLimit = std::size_t{1} << 20;

// A beginning, and then the same bytes for a gigabyte.
class LongInput final : public Input {
 public:
  LongInput(std::string head, std::string unit) : text_(std::move(head)) {
    while (text_.size() < kLimit) text_ += unit;
    rest_ = (std::size_t{1} << 30) / unit.size() * unit.size();
    unit_ = std::move(unit);
  }
  std::size_t read(char* into, std::size_t space) override {
    if (at_ < text_.size()) {
      const std::size_t count = std::min(space, text_.size() - at_);
      std::memcpy(into, text_.data() + at_, count);
      at_ += count;
      return count;
    }
    const std::size_t count = std::min(space, rest_) / unit_.size() * unit_.size();
    for (std::size_t index = 0; index < count; ++index) into[index] = unit_[index % unit_.size()];
    rest_ -= count;
    given_ += count;
    return count;
  }
  std::string switch_encoding(std::string_view /*encoding*/, std::string_view unread) override {
    return std::string(unread);
  }
  std::size_t given() const { return at_ + given_; }

 private:
  std::string text_, unit_;
  std::size_t at_ = 0, rest_ = 0, given_ = 0;
};

ReaderOptions small(Dialect dialect) {
  ReaderOptions options;
  options.dialect = dialect;
  options.max_row_bytes = kLimit;
  return options;
}

std::string repeated(const std::string& unit, std::size_t times) {
  std::string out;
  for (std::size_t count = 0; count < times; ++count) out += unit;
  return out;
}

std::string list_of(std::size_t count, const std::string& prefix) {
  std::string out;
  for (std::size_t index = 0; index < count; ++index) {
    out += (index == 0 ? prefix : "," + prefix) + std::to_string(index);
  }
  return out;
}

}  // namespace

TEST_CASE("sql hostile: what goes on for a gigabyte is an error once it is over the limit") {
  struct Case {
    std::string head, unit;
  };
  const auto check = [](Dialect dialect, const Case& each) {
    CAPTURE(std::string(name(dialect)));
    CAPTURE(each.head);
    LongInput input(each.head, each.unit);
    const std::vector<std::string> lines = transcript(input, small(dialect));
    REQUIRE(!lines.empty());
    CHECK(lines.back().find("a row or statement is longer than 1.0 MB") != std::string::npos);
    CHECK(input.given() < 4 * kLimit);
  };
  for (const Dialect dialect : kDialects) {
    for (const Case& each : std::vector<Case>{{"INSERT INTO t VALUES (1,'", "x"},
                                              {"INSERT INTO t VALUES (1,'", "''"},
                                              {"INSERT INTO t VALUES (", "1,"},
                                              {"INSERT INTO t VALUES (", "("},
                                              {"INSERT INTO t VALUES (x'", "41"},
                                              {"INSERT INTO t VALUES (", "7"},
                                              {"INSERT INTO ", "x"},
                                              {"INSERT INTO \"", "\xC3\xA9"},
                                              {"INSERT INTO t (", "a,"},

                                              {"UPDATE t SET a = '", "x"},
                                              {"/*", "x"},

                                              {"CREATE TABLE \"", "x"}}) {
      check(dialect, each);
    }
  }
  for (const Case& each : std::vector<Case>{{"COPY t FROM stdin;\n", "x"},
                                            {"COPY t FROM stdin;\n", "\t"},
                                            {"COPY t FROM stdin;\n", "\\\n"},
                                            {"COPY t FROM stdin WITH (FORMAT csv);\n\"", "x\n"},
                                            {"COPY t FROM stdin WITH (FORMAT csv);\n\"", "\"\""},
                                            {"COPY t FROM stdin WITH (FORMAT csv);\n", ","},
                                            {"COPY t (", "a,"},
                                            {"INSERT INTO t VALUES ($$", "x"},
                                            {"INSERT INTO t VALUES (E'", "\\n"},
                                            {"INSERT INTO t VALUES (ARRAY[", "1,"}}) {
    check(Dialect::postgresql, each);
  }
  for (const Case& each :
       std::vector<Case>{{"INSERT INTO `", "x"},
                         {"INSERT INTO t SET a='", "\\'"},
                         {"INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a='", "x"},
                         {"DELIMITER ", "x"}}) {
    check(Dialect::mysql, each);
  }
  for (const Case& each : std::vector<Case>{
           {"INSERT INTO [", "x"}, {"INSERT INTO t VALUES(replace(", "'x'||"}, {".open ", "x"}}) {
    check(Dialect::sqlite, each);
  }
}

TEST_CASE("sql hostile: a row has as many values as a table has columns, and more") {
  for (const Dialect dialect : kDialects) {
    CAPTURE(std::string(name(dialect)));
    for (const std::size_t count : {1600U, 100'000U}) {
      const std::string columns = list_of(count, "c");
      const std::string dump = "INSERT INTO t (" + columns + ") VALUES (" + list_of(count, "") +
                               "),(" + list_of(count - 1, "") + ");";
      const std::vector<std::string> lines = transcript(dump, [&] {
        ReaderOptions options = small(dialect);
        options.max_row_bytes = 4 * kLimit;
        return options;
      }());
      REQUIRE(lines.size() == 2);
      CHECK(lines[0].starts_with("1 insert t(" + columns + "): [0] [1] [2] "));
      CHECK(lines[0].ends_with(" [" + std::to_string(count - 1) + "]"));
      CHECK(lines[1].find("too few values: ") != std::string::npos);
    }
  }
  const std::string columns = list_of(1600, "c");
  const std::string fields = repeated("\t", 1599);
  CHECK(transcript("COPY t (" + columns + ") FROM stdin;\n" + fields + "\n\\.\n").size() == 1);
  CHECK(transcript("COPY t (" + columns + ") FROM stdin;\n" + fields + "\t\n\\.\n")
            .back()
            .find("too many values: 1601 for 1600 columns") != std::string::npos);
  // Every column forced to what it is anyway.
  const std::string many = list_of(100'000, "c");
  CHECK(transcript("COPY t (" + many + ") FROM stdin WITH (FORMAT csv, FORCE_NULL (" + many +
                   "));\n" + repeated(",", 99'999) + "\n\\.\n")
            .size() == 1);
}

TEST_CASE("sql hostile: a hundred thousand parentheses need no depth of the stack") {
  const std::size_t depth = 100'000;
  const std::string deep = repeated("(", depth) + "1" + repeated(")", depth);
  const std::string comments = repeated("/*", depth) + repeated("*/", depth);
  for (const Dialect dialect : kDialects) {
    CAPTURE(std::string(name(dialect)));
    ReaderOptions options = small(dialect);
    const auto ends = [&](const std::string& dump, const std::string& end) {
      const std::string lines = joined(transcript(dump, options));
      CAPTURE(lines.substr(lines.size() > 200 ? lines.size() - 200 : 0));
      CHECK(lines.ends_with(end + "\n"));
    };
    const std::string row = joined(transcript("INSERT INTO t VALUES (" + deep + ");", options));
    CHECK(row.starts_with("1 insert t: unsupported "));
    for (const std::string& torn : {deep, "1" + repeated("(", depth), repeated("-(", depth)}) {
      CHECK(joined(transcript("INSERT INTO t VALUES (" + torn, options))
                .starts_with("error a.sql:1:"));
    }
    ends("SELECT " + deep + ";", deep);
    const std::string create = "CREATE TABLE t (a int DEFAULT " + deep + ", b int)";
    ends(create + ";", create);
    TableDefinitions definitions(dialect);
    definitions.note(create, "public");
    const TableDefinition* const table = definitions.find("public", "t");
    CHECK((table == nullptr || table->columns.size() == 2));
    CHECK(transcript(comments + "INSERT INTO t VALUES (1);", options).size() >= 1);
    CHECK(transcript("INSERT INTO t VALUES (1" + comments + ");", options).size() >= 1);
  }
  for (const std::string& value :
       {repeated("ARRAY[", depth) + "1" + repeated("]", depth),
        repeated("ROW(", depth) + "1" + repeated(")", depth), "1" + repeated("::integer", depth),
        repeated("-", depth * 2) + "1"}) {
    CHECK(!transcript("INSERT INTO t VALUES (" + value + ");", small(Dialect::postgresql)).empty());
  }
  const std::string conditional = repeated("/*!1 ", depth) + "2" + repeated("*/", depth);
  CHECK(
      !transcript("INSERT INTO t VALUES (1," + conditional + ");", small(Dialect::mysql)).empty());
}

TEST_CASE("sql hostile: a name of a megabyte is cut as PostgreSQL cuts it, or stays a name") {
  const std::string long_name(kLimit - 100, 'x');
  const std::string dump = "INSERT INTO " + long_name + " VALUES (1);";
  const std::string columns = "INSERT INTO t (\"" + long_name + "\") VALUES (1);";
  for (const Dialect dialect : kDialects) {
    CAPTURE(std::string(name(dialect)));
    const std::string wanted = dialect == Dialect::postgresql ? long_name.substr(0, 63) : long_name;
    CHECK((joined(transcript(dump, small(dialect))) == "1 insert " + wanted + ": [1]\n"));
    CHECK((joined(transcript(columns, small(dialect))) == "1 insert t(" + wanted + "): [1]\n"));
    TableDefinitions definitions(dialect);
    definitions.note("CREATE TABLE t (" + long_name + " int)", "public");
    REQUIRE(definitions.find("public", "t") != nullptr);
    CHECK((definitions.find("public", "t")->columns.at(0).name == wanted));
  }
  // What goes wrong around it can still be read.
  try {
    throw Error(ErrorKind::input, "there is no table " + repeated("\xC3\xA9", kLimit) + " here");
  } catch (const Error& error) {
    CHECK(error.message.size() < 5000);
    CHECK(error.message.starts_with("there is no table "));
    CHECK(error.message.ends_with(" here"));
  }
}
