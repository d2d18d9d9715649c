#include "pgseed/sql/mysql_ddl_column.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::sql {
namespace {

using TokenKind = DdlToken::Kind;

enum class Shape { plain, integer, number, floating, text, bytes, list, moment };

struct TypeEntry {
  std::string_view word;
  Shape shape;
  DdlType type;
  DdlType unsigned_type;
};

constexpr TypeEntry kTypes[] = {
    {"tinyint", Shape::integer, DdlType::smallint, DdlType::smallint},
    {"int1", Shape::integer, DdlType::smallint, DdlType::smallint},
    {"smallint", Shape::integer, DdlType::smallint, DdlType::integer},
    {"int2", Shape::integer, DdlType::smallint, DdlType::integer},
    {"mediumint", Shape::integer, DdlType::integer, DdlType::integer},
    {"middleint", Shape::integer, DdlType::integer, DdlType::integer},
    {"int3", Shape::integer, DdlType::integer, DdlType::integer},
    {"int", Shape::integer, DdlType::integer, DdlType::bigint},
    {"integer", Shape::integer, DdlType::integer, DdlType::bigint},
    {"int4", Shape::integer, DdlType::integer, DdlType::bigint},
    {"bigint", Shape::integer, DdlType::bigint, DdlType::numeric},
    {"int8", Shape::integer, DdlType::bigint, DdlType::numeric},
    {"decimal", Shape::number, DdlType::numeric, DdlType::numeric},
    {"dec", Shape::number, DdlType::numeric, DdlType::numeric},
    {"numeric", Shape::number, DdlType::numeric, DdlType::numeric},
    {"fixed", Shape::number, DdlType::numeric, DdlType::numeric},
    {"number", Shape::number, DdlType::numeric, DdlType::numeric},
    {"float", Shape::floating, DdlType::real, DdlType::real},
    {"float4", Shape::floating, DdlType::real, DdlType::real},
    {"double", Shape::floating, DdlType::double_precision, DdlType::double_precision},
    {"float8", Shape::floating, DdlType::double_precision, DdlType::double_precision},
    {"real", Shape::floating, DdlType::double_precision, DdlType::double_precision},
    // What MySQL hands out of a char column has no blanks at its end; PostgreSQL's char has.
    {"char", Shape::text, DdlType::varchar, DdlType::varchar},
    {"character", Shape::text, DdlType::varchar, DdlType::varchar},
    {"nchar", Shape::text, DdlType::varchar, DdlType::varchar},
    {"varchar", Shape::text, DdlType::varchar, DdlType::varchar},
    {"varcharacter", Shape::text, DdlType::varchar, DdlType::varchar},
    {"nvarchar", Shape::text, DdlType::varchar, DdlType::varchar},
    {"varchar2", Shape::text, DdlType::varchar, DdlType::varchar},
    {"national", Shape::text, DdlType::varchar, DdlType::varchar},
    {"tinytext", Shape::text, DdlType::text, DdlType::text},
    {"text", Shape::text, DdlType::text, DdlType::text},
    {"mediumtext", Shape::text, DdlType::text, DdlType::text},
    {"longtext", Shape::text, DdlType::text, DdlType::text},
    {"long", Shape::text, DdlType::text, DdlType::text},
    {"clob", Shape::text, DdlType::text, DdlType::text},
    {"binary", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"varbinary", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"tinyblob", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"blob", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"mediumblob", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"longblob", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"raw", Shape::bytes, DdlType::bytea, DdlType::bytea},
    {"bit", Shape::plain, DdlType::bit, DdlType::bit},
    {"date", Shape::plain, DdlType::date, DdlType::date},
    {"time", Shape::moment, DdlType::time, DdlType::time},
    {"datetime", Shape::moment, DdlType::timestamp, DdlType::timestamp},
    {"timestamp", Shape::moment, DdlType::timestamptz, DdlType::timestamptz},
    {"year", Shape::plain, DdlType::smallint, DdlType::smallint},
    {"enum", Shape::list, DdlType::text, DdlType::text},
    {"set", Shape::list, DdlType::text, DdlType::text},
    // The text stays as it is, where jsonb would sort its keys and change its numbers.
    {"json", Shape::plain, DdlType::json, DdlType::json},
    {"uuid", Shape::plain, DdlType::uuid, DdlType::uuid},
    {"inet4", Shape::plain, DdlType::inet, DdlType::inet},
    {"inet6", Shape::plain, DdlType::inet, DdlType::inet},
    {"bool", Shape::integer, DdlType::smallint, DdlType::smallint},
};

bool is_geometry(std::string_view word) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "geometry",        "point",        "linestring",         "polygon",       "multipoint",
      "multilinestring", "multipolygon", "geometrycollection", "geomcollection"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::uint64_t number_of(const std::string& digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// (10), (10,2) or ('a','b') behind a type.
void read_numbers(DdlWalk& walk, std::vector<std::string>& numbers,
                  std::vector<std::string>& strings) {
  if (!walk.accept_symbol("(")) return;
  while (!walk.at_end() && !walk.accept_symbol(")")) {
    const DdlToken& token = walk.peek();
    if (token.kind == TokenKind::number) {
      if (token.text.find_first_not_of("0123456789") != std::string::npos) {
        throw DdlProblem{token.line, text(token.text, " is no length")};
      }
      numbers.push_back(token.text);
    } else if (token.kind == TokenKind::string || token.kind == TokenKind::bytes) {
      if (find_invalid_utf8(token.text) != std::string_view::npos) {
        throw DdlProblem{token.line, "a value of a type is no text"};
      }
      strings.push_back(token.text);
    }
    walk.skip();
  }
}

class ColumnReader {
 public:
  ColumnReader(DdlWalk& walk, const MysqlTableContext& context, const DdlPlace& place)
      : walk_(walk), context_(context) {
    read_.column.place = {place.file, walk.line()};
  }

  MysqlColumn read() {
    column().name = walk_.read_name("a column name");
    read_type();
    while (!walk_.at_end() && !walk_.peek().is_symbol(",") && !walk_.peek().is_symbol(")")) {
      read_attribute();
    }
    finish_type();
    return std::move(read_);
  }

 private:
  DdlColumn& column() { return read_.column; }
  std::string shown() const { return text(context_.table->name.name, '.', read_.column.name); }
  void note(std::string what) { context_.schema->note(read_.column.place, std::move(what)); }

  void read_type() {
    word_ = to_lower(walk_.read_name("a type"));
    if (word_ == "serial") {  // BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE
      word_ = "bigint";
      unsigned_ = column().not_null = column().identity = true;
      add_key(DdlKey::Kind::unique);
    }
    if (word_ == "boolean") word_ = "bool";
    if (word_ == "national") {
      walk_.accept_word("CHARACTER");
      walk_.accept_word("CHAR");
      walk_.accept_word("VARCHAR");
    }
    if (word_ == "char" && walk_.accept_word("BYTE")) word_ = "binary";
    if (walk_.accept_word("VARBINARY")) word_ = "blob";  // LONG VARBINARY
    if (word_ == "long" || word_ == "char" || word_ == "character" || word_ == "national") {
      if (!walk_.accept_word("VARYING")) walk_.accept_word("VARCHAR");
    }
    walk_.accept_word("PRECISION");
    read_numbers(walk_, numbers_, column().values);
  }

  void read_attribute() {
    if (walk_.accept_word("UNSIGNED")) {
      unsigned_ = true;
    } else if (walk_.accept_word("ZEROFILL")) {
      unsigned_ = true;
      note(text("ZEROFILL of ", shown(), " is not translated: numbers are shown without zeros"));
    } else if (walk_.accept_word("CHARSET") || accept_character_set()) {
      read_.charset = walk_.read_name("a character set");
    } else if (walk_.accept_word("COLLATE")) {
      read_.collation = walk_.read_name("a collation");
    } else if (walk_.accept_word("BINARY")) {
      read_.collation = "binary";
    } else if (walk_.accept_word("NOT")) {
      if (walk_.accept_word("NULL")) column().not_null = true;
      walk_.accept_word("SECONDARY");
    } else if (walk_.accept_word("NULL")) {
      column().not_null = false;
    } else if (walk_.accept_word("DEFAULT")) {
      read_default();
    } else if (walk_.accept_word("ON")) {
      read_on_update();
    } else if (walk_.accept_word("AUTO_INCREMENT")) {
      column().identity = true;
    } else if (walk_.accept_word("PRIMARY")) {
      walk_.accept_word("KEY");
      add_key(DdlKey::Kind::primary);
    } else if (walk_.accept_word("UNIQUE")) {
      walk_.accept_word("KEY");
      add_key(DdlKey::Kind::unique);
    } else if (walk_.accept_word("KEY")) {
      add_key(DdlKey::Kind::primary);
    } else if (walk_.accept_word("COMMENT")) {
      column().comment = walk_.read_text();
    } else if (walk_.accept_word("GENERATED")) {
      walk_.accept_word("ALWAYS");
      read_generated();
    } else if (walk_.at_word("AS")) {
      read_generated();
    } else if (walk_.at_word("CHECK") || walk_.at_word("CONSTRAINT")) {
      read_mysql_key(walk_, context_, column().place);
    } else if (walk_.at_word("REFERENCES")) {
      DdlForeignKey key;
      key.place = column().place;
      key.columns = {column().name};
      read_mysql_references(walk_, key);
      context_.table->foreign_keys.push_back(std::move(key));
    } else if (walk_.accept_word("INVISIBLE")) {
      column().is_invisible = true;
    } else if (walk_.accept_word("FIRST")) {
      read_.first = true;
    } else if (walk_.accept_word("AFTER")) {
      read_.after = walk_.read_name("a column name");
    } else {
      read_other_attribute();
    }
  }

  // How it is stored, which PostgreSQL decides for itself; what is not known is named.
  void read_other_attribute() {
    static constexpr std::array<std::string_view, 5> kAlone = {"SIGNED", "ASCII", "UNICODE",
                                                               "VISIBLE", "COMPRESSED"};
    static constexpr std::array<std::string_view, 6> kWithValue = {
        "COLUMN_FORMAT", "STORAGE",          "SRID",
        "REF_SYSTEM_ID", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"};
    for (const std::string_view word : kAlone) {
      if (walk_.accept_word(word)) return;
    }
    for (const std::string_view word : kWithValue) {
      if (!walk_.accept_word(word)) continue;
      walk_.accept_symbol("=");
      return walk_.skip();
    }
    note(text("'", walk_.shown(), "' of ", shown(), " is not translated"));
    walk_.skip();
  }

  bool accept_character_set() {
    if ((!walk_.at_word("CHARACTER") && !walk_.at_word("CHAR")) || !walk_.peek(1).is_word("SET")) {
      return false;
    }
    walk_.skip();
    walk_.skip();
    return true;
  }

  void read_default() {
    DdlTokens& value = column().default_value;
    if (walk_.peek().is_symbol("(")) {
      value = walk_.read_parentheses();
      return;
    }
    if (walk_.peek().is_symbol("-") || walk_.peek().is_symbol("+")) {
      value.push_back(walk_.peek());
      walk_.skip();
    }
    value.push_back(walk_.peek());
    walk_.skip();
    if (walk_.peek().is_symbol("(")) {  // CURRENT_TIMESTAMP(6)
      DdlTokens arguments = walk_.read_parentheses();
      value.push_back({TokenKind::symbol, "(", 0, walk_.line()});
      value.insert(value.end(), arguments.begin(), arguments.end());
      value.push_back({TokenKind::symbol, ")", 0, walk_.line()});
    }
  }

  void read_on_update() {
    walk_.accept_word("UPDATE");
    walk_.skip();
    if (walk_.peek().is_symbol("(")) walk_.read_parentheses();
    note(text("ON UPDATE CURRENT_TIMESTAMP of ", shown(),
              " is not translated: an UPDATE leaves the column as it is"));
  }

  void read_generated() {
    if (!walk_.accept_word("AS")) return;
    column().generated = walk_.read_parentheses();
    if (!walk_.accept_word("VIRTUAL") && !walk_.accept_word("STORED")) {
      walk_.accept_word("PERSISTENT");
    }
  }

  void add_key(DdlKey::Kind kind) {
    DdlKey key;
    key.kind = kind;
    key.place = column().place;
    key.parts.emplace_back().column = column().name;
    context_.table->keys.push_back(std::move(key));
    if (kind == DdlKey::Kind::primary) column().not_null = true;
  }

  void finish_type() {
    DdlColumn& to = column();
    if (is_geometry(word_)) {
      to.type = DdlType::bytea;
      note(text(shown(), " of the type ", word_,
                " is bytea, with the bytes that MySQL stores (4 of the SRID, then WKB)"));
      return;
    }
    const auto found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const TypeEntry& entry) { return entry.word == word_; });
    if (found == std::end(kTypes)) {
      note(text("the type ", word_, " of ", shown(), " is not known; the column is text"));
      return;
    }
    to.type = unsigned_ ? found->unsigned_type : found->type;
    if (unsigned_ && found->shape != Shape::text) to.range = DdlRange::not_negative;
    switch (found->shape) {
      case Shape::integer:
        finish_integer();
        break;
      case Shape::number:
        to.numbers = numbers_.empty() ? std::vector<std::string>{"10", "0"} : numbers_;
        if (to.numbers.size() == 1) to.numbers.emplace_back("0");
        break;
      case Shape::floating:
        if (numbers_.size() == 1 && number_of(numbers_[0]) > 24) {
          to.type = DdlType::double_precision;
        }
        break;
      case Shape::text:
        read_.is_text = true;
        finish_text();
        break;
      case Shape::bytes:
        finish_bytes();
        break;
      case Shape::list:
        read_.is_text = false;  // its values are stored as they are listed
        to.range = word_ == "enum" ? DdlRange::one_of : DdlRange::some_of;
        break;
      case Shape::moment:
        to.numbers = {numbers_.empty() ? "0" : numbers_[0]};
        break;
      case Shape::plain:
        if (to.type == DdlType::bit) to.numbers = {numbers_.empty() ? "1" : numbers_[0]};
        if (word_ == "year") to.range = DdlRange::year;
        break;
    }
    if (found->shape != Shape::list) to.values.clear();
  }

  // tinyint(1) is how MySQL writes BOOLEAN. A default that is no truth value tells otherwise.
  void finish_integer() {
    DdlColumn& to = column();
    const bool is_tinyint1 =
        word_ == "bool" || ((word_ == "tinyint" || word_ == "int1") && numbers_.size() == 1 &&
                            number_of(numbers_[0]) == 1);
    if (is_tinyint1) {
      const DdlTokens& value = to.default_value;
      const bool truth =
          value.empty() || (value.size() == 1 && (value[0].text == "0" || value[0].text == "1" ||
                                                  value[0].kind == TokenKind::word));
      const bool is_boolean = context_.tinyint1_is_boolean && truth && !to.identity;
      to.type = is_boolean ? DdlType::boolean : DdlType::smallint;
      if (is_boolean) to.range = DdlRange::any;
    }
    if (to.type != DdlType::numeric) return;
    to.is_wide_unsigned = true;
    if (to.identity) {
      to.type = DdlType::bigint;
    } else {
      to.numbers = {"20", "0"};
    }
  }

  void finish_text() {
    DdlColumn& to = column();
    if (equals_ignoring_case(read_.charset, "binary")) {  // text of bytes is a blob
      to.type = DdlType::bytea;
      read_.is_text = false;
      return finish_bytes();
    }
    if (to.type != DdlType::varchar) return;
    if (numbers_.empty() && word_.find("var") == std::string::npos) numbers_ = {"1"};
    if (numbers_.empty() || number_of(numbers_[0]) == 0) {
      to.type = DdlType::text;  // PostgreSQL has no varchar(0)
    } else {
      to.numbers = {numbers_[0]};
    }
  }

  void finish_bytes() {
    DdlColumn& to = column();
    if (word_ == "binary" && numbers_.empty()) numbers_ = {"1"};
    if (numbers_.empty()) return;
    if (word_ != "binary" && word_ != "varbinary") return;
    to.range = word_ == "binary" ? DdlRange::exact_bytes : DdlRange::at_most_bytes;
    to.range_bytes = number_of(numbers_[0]);
  }

  DdlWalk& walk_;
  const MysqlTableContext& context_;
  MysqlColumn read_;
  std::string word_;
  std::vector<std::string> numbers_;
  bool unsigned_ = false;
};

std::string read_action(DdlWalk& walk) {
  if (walk.accept_word("RESTRICT")) return "RESTRICT";
  if (walk.accept_word("CASCADE")) return "CASCADE";
  if (walk.accept_word("NO")) {
    walk.accept_word("ACTION");
    return "NO ACTION";
  }
  if (!walk.accept_word("SET")) throw DdlProblem{walk.line(), "expected what ON DELETE does"};
  if (walk.accept_word("DEFAULT")) return "SET DEFAULT";
  walk.accept_word("NULL");
  return "SET NULL";
}

std::vector<std::string> read_names(DdlWalk& walk) {
  std::vector<std::string> names;
  for (const DdlKeyPart& part : read_mysql_key_parts(walk)) names.push_back(part.column);
  return names;
}

bool at_parentheses_or_using(const DdlWalk& walk) {
  return walk.peek().is_symbol("(") || (walk.at_word("USING") && !walk.peek(1).is_symbol("(")) ||
         walk.at_word("TYPE");
}

// [name] [USING BTREE] (parts) options
void read_index(DdlWalk& walk, DdlKey& key) {
  if (!at_parentheses_or_using(walk)) key.name = walk.read_name("the name of an index");
  if (walk.accept_word("USING") || walk.accept_word("TYPE")) walk.skip();
  key.parts = read_mysql_key_parts(walk);
  read_mysql_key_options(walk, key);
}

}  // namespace

bool ignores_case(std::string_view charset, std::string_view collation) {
  const std::string name = to_lower(collation);
  if (name.empty()) return !equals_ignoring_case(charset, "binary");
  return name != "binary" && !name.ends_with("_bin") && name.find("_cs") == std::string::npos;
}

MysqlColumn read_mysql_column(DdlWalk& walk, const MysqlTableContext& context,
                              const DdlPlace& place) {
  return ColumnReader(walk, context, place).read();
}

std::vector<DdlKeyPart> read_mysql_key_parts(DdlWalk& walk) {
  std::vector<DdlKeyPart> parts;
  walk.require_symbol("(", "before the columns of a key");
  do {
    DdlKeyPart& part = parts.emplace_back();
    if (walk.peek().is_symbol("(")) {
      part.expression = walk.read_parentheses();
    } else {
      part.column = walk.read_name("a column name");
      std::vector<std::string> numbers, strings;
      read_numbers(walk, numbers, strings);
      if (!numbers.empty()) part.prefix = number_of(numbers[0]);
    }
    part.descending = walk.accept_word("DESC");
    walk.accept_word("ASC");
  } while (walk.accept_symbol(","));
  walk.require_symbol(")", "behind the columns of a key");
  return parts;
}

void read_mysql_key_options(DdlWalk& walk, DdlKey& key) {
  while (!walk.at_end() && !walk.peek().is_symbol(",") && !walk.peek().is_symbol(")")) {
    if (walk.accept_word("COMMENT")) {
      walk.accept_symbol("=");
      key.comment = walk.read_text();
    } else {
      walk.skip();
    }
  }
}

void read_mysql_references(DdlWalk& walk, DdlForeignKey& key) {
  if (!walk.accept_word("REFERENCES")) throw DdlProblem{walk.line(), "expected REFERENCES"};
  key.table = walk.read_qualified_name();
  if (walk.peek().is_symbol("(")) key.referenced = read_names(walk);
  for (;;) {
    if (walk.accept_word("MATCH")) {
      walk.skip();
    } else if (walk.at_word("ON") && walk.peek(1).is_word("DELETE")) {
      walk.skip();
      walk.skip();
      key.on_delete = read_action(walk);
    } else if (walk.at_word("ON") && walk.peek(1).is_word("UPDATE")) {
      walk.skip();
      walk.skip();
      key.on_update = read_action(walk);
    } else {
      return;
    }
  }
}

bool read_mysql_key(DdlWalk& walk, const MysqlTableContext& context, const DdlPlace& place) {
  const DdlPlace here{place.file, walk.line()};
  DdlTable& table = *context.table;
  std::string name;
  if (walk.accept_word("CONSTRAINT")) {
    const bool unnamed = walk.at_word("PRIMARY") || walk.at_word("UNIQUE") ||
                         walk.at_word("FOREIGN") || walk.at_word("CHECK");
    if (!unnamed) name = walk.read_name("the name of a constraint");
  }
  DdlKey key;
  key.name = name;
  key.place = here;
  if (walk.at_word("PRIMARY") && !walk.peek(1).is_symbol(",")) {
    walk.skip();
    walk.accept_word("KEY");
    key.kind = DdlKey::Kind::primary;
    read_index(walk, key);
    key.name.clear();  // MySQL calls them all PRIMARY
    for (const DdlKeyPart& part : key.parts) {
      if (DdlColumn* const column = table.find(part.column)) column->not_null = true;
    }
    table.keys.push_back(std::move(key));
  } else if (walk.accept_word("UNIQUE")) {
    if (!walk.accept_word("KEY")) walk.accept_word("INDEX");
    key.kind = DdlKey::Kind::unique;
    read_index(walk, key);
    table.keys.push_back(std::move(key));
  } else if (walk.accept_word("FOREIGN")) {
    walk.accept_word("KEY");
    walk.skip_if_exists();
    DdlForeignKey foreign;
    foreign.place = here;
    if (!walk.peek().is_symbol("(")) foreign.name = walk.read_name("the name of a foreign key");
    if (!name.empty()) foreign.name = name;
    foreign.columns = read_names(walk);
    read_mysql_references(walk, foreign);
    table.foreign_keys.push_back(std::move(foreign));
  } else if (walk.accept_word("CHECK")) {
    DdlCheck check{name, walk.read_parentheses(), here};
    bool enforced = true;
    if (walk.at_word("NOT") && walk.peek(1).is_word("ENFORCED")) {
      walk.skip();
      enforced = false;
    }
    walk.accept_word("ENFORCED");
    if (enforced) {
      table.checks.push_back(std::move(check));
    } else {
      context.schema->note(here,
                           text("a CHECK of ", table.name.name,
                                " that is NOT ENFORCED is left out: ", to_text(check.expression)));
    }
  } else if (walk.at_word("FULLTEXT") || walk.at_word("SPATIAL") || walk.at_word("VECTOR")) {
    const std::string kind = walk.peek().text;
    walk.skip();
    if (!walk.accept_word("KEY")) walk.accept_word("INDEX");
    DdlKey index;
    read_index(walk, index);
    context.schema->note(here, text("the ", kind, " index ", index.name, " on ", table.name.name,
                                    " is not translated"));
  } else if ((walk.at_word("KEY") || walk.at_word("INDEX")) && name.empty()) {
    walk.skip();
    walk.skip_if_exists();
    read_index(walk, key);
    table.keys.push_back(std::move(key));
  } else if (walk.at_word("PERIOD") && walk.peek(1).is_word("FOR")) {
    context.schema->note(here, text("PERIOD FOR of ", table.name.name, " is not translated"));
    walk.skip_item();
  } else {
    return false;
  }
  return true;
}

}  // namespace pgseed::sql
