#include "pgseed/migrate/foreign_expression.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "foreign_default.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::migrate {
namespace {

using sql::DdlColumn;
using sql::DdlToken;
using sql::DdlTokens;
using sql::DdlType;
using sql::Dialect;
using TokenKind = DdlToken::Kind;

enum class ValueKind { null, boolean, integer, number, floating, text, bytes, moment, other };

struct Translated {
  std::string sql;
  ValueKind kind = ValueKind::null;
  DdlType type = DdlType::text;        // of a moment
  std::optional<std::string> literal;  // of a string or number as written
};

// Thrown for what has no counterpart.
struct Untranslatable {
  std::string why;
};

ValueKind kind_of(DdlType type) {
  switch (type) {
    case DdlType::boolean:
      return ValueKind::boolean;
    case DdlType::smallint:
    case DdlType::integer:
    case DdlType::bigint:
      return ValueKind::integer;
    case DdlType::numeric:
      return ValueKind::number;
    case DdlType::real:
    case DdlType::double_precision:
      return ValueKind::floating;
    case DdlType::text:
    case DdlType::varchar:
      return ValueKind::text;
    case DdlType::bytea:
      return ValueKind::bytes;
    case DdlType::date:
    case DdlType::time:
    case DdlType::timestamp:
    case DdlType::timestamptz:
      return ValueKind::moment;
    default:
      return ValueKind::other;
  }
}

bool is_number(ValueKind kind) {
  return kind == ValueKind::integer || kind == ValueKind::number || kind == ValueKind::floating;
}

bool is_numeric_text(const std::string& text) {
  const std::size_t digits = text.find_first_not_of("0123456789", text.starts_with('-') ? 1 : 0);
  if (digits == std::string::npos) return text.size() > (text.starts_with('-') ? 1U : 0U);
  return text[digits] == '.' && digits > 0 && digits + 1 < text.size() &&
         text.find_first_not_of("0123456789", digits + 1) == std::string::npos &&
         text[digits - 1] != '-';
}

class Translator {
 public:
  Translator(const DdlTokens& tokens, const sql::DdlTable& table, Dialect dialect,
             bool allow_generated)
      : walk_(tokens), table_(table), dialect_(dialect), allow_generated_(allow_generated) {}

  Translated whole() {
    Translated value = read_or();
    if (!walk_.at_end()) unknown(walk_.peek());
    return value;
  }

  static std::string as_boolean(const Translated& value) {
    if (value.kind == ValueKind::boolean || value.kind == ValueKind::null) return value.sql;
    if (is_number(value.kind)) return text('(', value.sql, " <> 0)");
    throw Untranslatable{text("a truth value is wanted: ", value.sql)};
  }
  static Translated as_number(const Translated& value) {
    if (is_number(value.kind) || value.kind == ValueKind::null) return value;
    if (value.kind == ValueKind::boolean)
      return {text('(', value.sql, ")::int"), ValueKind::integer, {}, {}};
    throw Untranslatable{text("a number is wanted: ", value.sql)};
  }

 private:
  bool mysql() const { return dialect_ == Dialect::mysql; }

  [[noreturn]] static void unknown(const DdlToken& token) {
    if (token.kind == TokenKind::end) throw Untranslatable{"it ends too early"};
    throw Untranslatable{text("'", token.text, "' is not known here")};
  }
  static Translated boolean(std::string sql) {
    return {std::move(sql), ValueKind::boolean, {}, {}};
  }

  // Deep nesting is no expression that anybody wrote.
  struct Deeper {
    explicit Deeper(int& depth) : depth_(depth) {
      if (++depth_ > 200) throw Untranslatable{"it is nested too deeply"};
    }
    ~Deeper() { --depth_; }
    int& depth_;
  };

  Translated read_or() {
    const Deeper deeper(depth_);
    Translated left = read_and();
    while (walk_.accept_word("OR")) {
      const Translated right = read_and();
      left = boolean(text('(', as_boolean(left), " OR ", as_boolean(right), ')'));
    }
    return left;
  }

  Translated read_and() {
    Translated left = read_not();
    while (walk_.accept_word("AND") || (mysql() && walk_.accept_symbol("&&"))) {
      const Translated right = read_not();
      left = boolean(text('(', as_boolean(left), " AND ", as_boolean(right), ')'));
    }
    return left;
  }

  Translated read_not() {
    const Deeper deeper(depth_);
    if (walk_.accept_word("NOT")) return boolean(text("(NOT ", as_boolean(read_not()), ')'));
    return read_predicate();
  }

  Translated read_predicate() {
    Translated left = read_sum();
    for (;;) {
      static constexpr std::array<std::pair<std::string_view, const char*>, 9> kComparisons = {{
          {"=", "="},
          {"==", "="},
          {"<>", "<>"},
          {"!=", "<>"},
          {"<=", "<="},
          {">=", ">="},
          {"<", "<"},
          {">", ">"},
          {"<=>", "IS NOT DISTINCT FROM"},
      }};
      const auto* const found =
          std::find_if(kComparisons.begin(), kComparisons.end(),
                       [&](const auto& each) { return walk_.peek().is_symbol(each.first); });
      if (found != kComparisons.end()) {
        walk_.skip();
        Translated right = read_sum();
        harmonise(left, right);
        left = boolean(text('(', left.sql, ' ', found->second, ' ', right.sql, ')'));
        continue;
      }
      if (walk_.accept_word("IS")) {
        const bool negated = walk_.accept_word("NOT");
        if (walk_.accept_word("NULL")) {
          left = boolean(text('(', left.sql, negated ? " IS NOT NULL" : " IS NULL", ')'));
        } else if (walk_.at_word("TRUE") || walk_.at_word("FALSE")) {
          const bool truth = walk_.at_word("TRUE");
          walk_.skip();
          left = boolean(text('(', as_boolean(left), negated ? " IS NOT " : " IS ",
                              truth ? "TRUE)" : "FALSE)"));
        } else {
          unknown(walk_.peek());
        }
        continue;
      }
      const bool negated = walk_.at_word("NOT") &&
                           (walk_.peek(1).is_word("IN") || walk_.peek(1).is_word("BETWEEN") ||
                            walk_.peek(1).is_word("LIKE") || walk_.peek(1).is_word("NULL"));
      if (negated) walk_.skip();
      if (negated && walk_.accept_word("NULL")) {  // SQLite: x NOT NULL
        left = boolean(text('(', left.sql, " IS NOT NULL)"));
      } else if (walk_.accept_word("NOTNULL")) {
        left = boolean(text('(', left.sql, " IS NOT NULL)"));
      } else if (walk_.accept_word("ISNULL")) {
        left = boolean(text('(', left.sql, " IS NULL)"));
      } else if (walk_.accept_word("IN")) {
        left = read_in(std::move(left), negated);
      } else if (walk_.accept_word("BETWEEN")) {
        Translated low = read_sum();
        if (!walk_.accept_word("AND")) unknown(walk_.peek());
        Translated high = read_sum();
        harmonise(left, low);
        harmonise(left, high);
        left = boolean(text('(', left.sql, negated ? " NOT BETWEEN " : " BETWEEN ", low.sql,
                            " AND ", high.sql, ')'));
      } else if (walk_.accept_word("LIKE")) {
        left = read_like(left, negated);
      } else {
        return left;
      }
    }
  }

  Translated read_in(Translated left, bool negated) {
    if (!walk_.accept_symbol("(")) unknown(walk_.peek());
    std::vector<Translated> values;
    do {
      values.push_back(read_or());
      harmonise(left, values.back());
    } while (walk_.accept_symbol(","));
    if (!walk_.accept_symbol(")")) unknown(walk_.peek());
    std::string list;
    for (const Translated& value : values) list += (list.empty() ? "" : ", ") + value.sql;
    return boolean(text('(', left.sql, negated ? " NOT IN (" : " IN (", list, "))"));
  }

  // Both others compare letters without case; a pattern without any needs not say so. SQLite has no
  // escape character unless one is named.
  Translated read_like(const Translated& left, bool negated) {
    const Translated pattern = read_sum();
    if (left.kind != ValueKind::text || !pattern.literal || pattern.kind != ValueKind::text) {
      throw Untranslatable{"LIKE of something else than a column of text and a string"};
    }
    const bool letters =
        std::any_of(pattern.literal->begin(), pattern.literal->end(),
                    [](char byte) { return sql::is_identifier_start(byte) && byte != '_'; });
    if (walk_.at_word("ESCAPE")) unknown(walk_.peek());
    return boolean(text('(', left.sql, negated ? " NOT" : "", letters ? " ILIKE " : " LIKE ",
                        pattern.sql, mysql() ? "" : " ESCAPE ''", ')'));
  }

  Translated read_sum() {
    Translated left = read_term();
    while (walk_.peek().is_symbol("+") || walk_.peek().is_symbol("-")) {
      const std::string sign = walk_.peek().text;
      walk_.skip();
      left = arithmetic(left, sign, read_term());
    }
    return left;
  }

  Translated read_term() {
    Translated left = read_joined();
    for (;;) {
      const bool whole = mysql() && walk_.at_word("DIV");
      const bool rest = walk_.peek().is_symbol("%") || (mysql() && walk_.at_word("MOD"));
      const bool divides = walk_.peek().is_symbol("/");
      if (walk_.accept_symbol("*")) {
        left = arithmetic(left, "*", read_joined());
      } else if (whole || rest || divides) {
        walk_.skip();
        left = divide(left, whole ? "DIV" : rest ? "%" : "/", read_joined());
      } else {
        return left;
      }
    }
  }

  // Both others give NULL for a division by zero.
  Translated divide(const Translated& left, const std::string& by, const Translated& right) {
    const Translated a = as_number(left);
    const Translated b = as_number(right);
    const bool whole = a.kind == ValueKind::integer && b.kind == ValueKind::integer;
    if ((by == "/" && whole && mysql()) || (by != "/" && !whole)) {
      throw Untranslatable{text(by, " divides differently here")};
    }
    if (by == "/" && mysql() && a.kind != ValueKind::floating && b.kind != ValueKind::floating) {
      throw Untranslatable{"/ gives other decimals here"};
    }
    const Translated safe{text("NULLIF(", b.sql, ", 0)"), b.kind, {}, {}};
    return arithmetic(a, by == "DIV" ? "/" : by, safe);
  }

  // || joins texts in SQLite; it is OR in MySQL.
  Translated read_joined() {
    Translated left = read_unary();
    while (!mysql() && walk_.accept_symbol("||")) {
      const Translated right = read_unary();
      left = {text('(', as_text(left), " || ", as_text(right), ')'), ValueKind::text, {}, {}};
    }
    return left;
  }

  static std::string as_text(const Translated& value) {
    if (value.kind == ValueKind::text || value.kind == ValueKind::null) return value.sql;
    if (value.kind == ValueKind::integer) return text('(', value.sql, ")::text");
    throw Untranslatable{text("a text is wanted: ", value.sql)};
  }

  // Integers are of 64 bits there.
  static std::string wide(const Translated& value) {
    return value.kind == ValueKind::integer && !value.literal ? text(value.sql, "::bigint")
                                                              : value.sql;
  }

  static Translated arithmetic(const Translated& left, const std::string& sign,
                               const Translated& right) {
    const Translated a = as_number(left);
    const Translated b = as_number(right);
    const bool floats = a.kind == ValueKind::floating || b.kind == ValueKind::floating;
    const bool whole = a.kind == ValueKind::integer && b.kind == ValueKind::integer;
    return {text('(', wide(a), ' ', sign, ' ', wide(b), ')'),
            floats  ? ValueKind::floating
            : whole ? ValueKind::integer
                    : ValueKind::number,
            {},
            {}};
  }

  Translated read_unary() {
    const Deeper deeper(depth_);
    if (walk_.accept_symbol("+")) return as_number(read_unary());
    if (walk_.accept_symbol("-")) {
      Translated value = as_number(read_unary());
      value.sql = text("(-", value.sql, ')');
      if (value.literal) value.literal = "-" + *value.literal;
      return value;
    }
    return read_primary();
  }

  Translated read_primary() {
    const DdlToken token = walk_.peek();
    switch (token.kind) {
      case TokenKind::number: {
        walk_.skip();
        const bool whole = token.text.find_first_not_of("0123456789") == std::string::npos;
        return {token.text, whole ? ValueKind::integer : ValueKind::number, {}, token.text};
      }
      case TokenKind::string:
        walk_.skip();
        return string_value(token.text);
      case TokenKind::symbol: {
        if (token.text != "(") unknown(token);
        walk_.skip();
        Translated value = read_or();
        if (!walk_.accept_symbol(")")) unknown(walk_.peek());
        return value;
      }
      case TokenKind::word:
        if (walk_.peek(1).is_symbol("(")) return read_function();
        if (walk_.accept_word("NULL")) return {"NULL", ValueKind::null, {}, {}};
        if (walk_.accept_word("TRUE")) return boolean("true");
        if (walk_.accept_word("FALSE")) return boolean("false");
        if (walk_.accept_word("CASE")) return read_case();
        return read_column();
      case TokenKind::quoted:
        return read_column();
      default:
        unknown(token);
    }
  }

  static Translated string_value(const std::string& value) {
    auto quoted = quote_string(value);
    if (!quoted) throw Untranslatable{"a string that is no UTF-8 text"};
    return {std::move(*quoted), ValueKind::text, {}, value};
  }

  Translated read_column() {
    const DdlToken token = walk_.peek();
    walk_.skip();
    std::string name = token.text;
    if (walk_.accept_symbol(".")) {
      name = walk_.peek().text;
      walk_.skip();
    }
    const DdlColumn* const column = table_.find(name);
    if (column == nullptr) {
      if (!mysql() && token.quote == '"') return string_value(token.text);
      throw Untranslatable{text("'", name, "' is no column")};
    }
    if (!allow_generated_ && !column->generated.empty()) {
      throw Untranslatable{text(name, " is generated itself")};
    }
    return {quote_identifier(column->name), kind_of(column->type), column->type, {}};
  }

  Translated read_case() {
    std::string out = "CASE";
    std::optional<Translated> result;
    const auto join = [&](Translated value) {
      if (result) harmonise(*result, value);
      if (!result || result->kind == ValueKind::null) {
        result = value;
        result->literal.reset();
      }
      return value.sql;
    };
    if (!walk_.at_word("WHEN")) unknown(walk_.peek());
    while (walk_.accept_word("WHEN")) {
      out += text(" WHEN ", as_boolean(read_or()));
      if (!walk_.accept_word("THEN")) unknown(walk_.peek());
      out += text(" THEN ", join(read_or()));
    }
    if (walk_.accept_word("ELSE")) out += text(" ELSE ", join(read_or()));
    if (!walk_.accept_word("END")) unknown(walk_.peek());
    return {out + " END", result->kind, result->type, {}};
  }

  Translated read_function() {
    const std::string name = to_lower(walk_.peek().text);
    walk_.skip();
    walk_.skip();
    std::vector<Translated> arguments;
    if (!walk_.accept_symbol(")")) {
      do {
        arguments.push_back(read_or());
      } while (walk_.accept_symbol(","));
      if (!walk_.accept_symbol(")")) unknown(walk_.peek());
    }
    return call(name, arguments);
  }

  Translated call(const std::string& name, std::vector<Translated>& arguments) {
    const std::size_t count = arguments.size();
    const auto is = [&](std::initializer_list<std::string_view> names, std::size_t wanted) {
      return count == wanted && std::find(names.begin(), names.end(), name) != names.end();
    };
    const auto text_of = [&](std::size_t index) {
      if (arguments[index].kind != ValueKind::text) {
        throw Untranslatable{text(name, "() of something else than text")};
      }
      return arguments[index].sql;
    };
    const auto of_text = [](std::string out) {
      return Translated{std::move(out), ValueKind::text, {}, {}};
    };
    if (is({"lower", "lcase"}, 1)) return of_text(text("lower(", text_of(0), ')'));
    if (is({"upper", "ucase"}, 1)) return of_text(text("upper(", text_of(0), ')'));
    if (is({"trim", "ltrim", "rtrim"}, 1)) {
      return of_text(text(name == "trim" ? "btrim" : name, '(', text_of(0), ')'));
    }
    if (is({"replace"}, 3)) {
      return of_text(text("replace(", text_of(0), ", ", text_of(1), ", ", text_of(2), ')'));
    }
    if (is({"length", "char_length", "character_length", "octet_length"}, 1)) {
      const bool bytes = arguments[0].kind == ValueKind::bytes;
      if (bytes && name.starts_with("char")) throw Untranslatable{text(name, "() of bytes")};
      const bool octets = bytes || name == "octet_length" || (mysql() && name == "length");
      const std::string of = bytes ? arguments[0].sql : text_of(0);
      return {text(octets ? "octet_length(" : "length(", of, ')'), ValueKind::integer, {}, {}};
    }
    if (is({"abs"}, 1)) {
      const Translated number = as_number(arguments[0]);
      return {text("abs(", number.sql, ')'), number.kind, {}, {}};
    }
    if (is({"coalesce", "ifnull", "nullif"}, 2) || (name == "coalesce" && count > 2)) {
      for (std::size_t index = 1; index < count; ++index) {
        harmonise(arguments[0], arguments[index]);
      }
      std::string list;
      for (const Translated& argument : arguments)
        list += (list.empty() ? "" : ", ") + argument.sql;
      return {text(name == "nullif" ? "NULLIF(" : "COALESCE(", list, ')'),
              arguments[0].kind,
              arguments[0].type,
              {}};
    }
    if (is({"if", "iif"}, 3)) {
      harmonise(arguments[1], arguments[2]);
      const Translated& like = arguments[1].kind == ValueKind::null ? arguments[2] : arguments[1];
      return {text("CASE WHEN ", as_boolean(arguments[0]), " THEN ", arguments[1].sql, " ELSE ",
                   arguments[2].sql, " END"),
              like.kind,
              like.type,
              {}};
    }
    if (name == "concat" && mysql() && count > 0) {
      std::string joined;
      for (const Translated& argument : arguments) {
        joined += (joined.empty() ? "(" : " || ") + as_text(argument);
      }
      return of_text(joined + ')');
    }
    if (is({"year", "month", "day", "dayofmonth"}, 1) && mysql() &&
        (arguments[0].type == DdlType::date || arguments[0].type == DdlType::timestamp) &&
        arguments[0].kind == ValueKind::moment) {
      const char* const field = name.starts_with("day") ? "day" : name.c_str();
      return {text("date_part('", field, "', ", arguments[0].sql, ")::int"),
              ValueKind::integer,
              {},
              {}};
    }
    throw Untranslatable{text("the function ", name, "() is not known here")};
  }

  // Makes both sides of a comparison of one kind, where a literal only has to be written otherwise.
  static void harmonise(Translated& left, Translated& right) {
    if (left.kind == ValueKind::null || right.kind == ValueKind::null) return;
    if (is_number(left.kind) && is_number(right.kind)) return;
    if (left.kind == right.kind && left.kind != ValueKind::other) {
      if (left.kind == ValueKind::moment && left.type != right.type) {
        throw Untranslatable{"moments of different types are compared"};
      }
      return;
    }
    if (fit_literal(left, right) || fit_literal(right, left)) return;
    if (left.kind == ValueKind::boolean && right.kind == ValueKind::integer) {
      left = as_number(left);
    } else if (right.kind == ValueKind::boolean && left.kind == ValueKind::integer) {
      right = as_number(right);
    } else {
      throw Untranslatable{text(left.sql, " and ", right.sql, " are of different kinds")};
    }
  }

  static bool fit_literal(const Translated& to, Translated& literal) {
    if (!literal.literal) return false;
    const std::string& written = *literal.literal;
    if (to.kind == ValueKind::boolean && (written == "0" || written == "1")) {
      literal = boolean(written == "1" ? "true" : "false");
      return true;
    }
    if (literal.kind != ValueKind::text) return false;
    if (is_number(to.kind) && is_numeric_text(written)) {
      literal = {text('(', written, ')'), ValueKind::number, {}, written};
      return true;
    }
    return to.kind == ValueKind::moment && is_moment(written, to.type);
  }

  sql::DdlWalk walk_;
  const sql::DdlTable& table_;
  Dialect dialect_;
  bool allow_generated_;
  int depth_ = 0;
};

// What a value is stored as: the cast that its assignment wants.
std::string assigned(const Translated& value, const DdlColumn& column) {
  const ValueKind to = kind_of(column.type);
  if (value.kind == ValueKind::null || value.kind == to) {
    if (to == ValueKind::other || (to == ValueKind::moment && value.type != column.type)) {
      throw Untranslatable{"its value is of another type than the column"};
    }
    return value.sql;
  }
  if (is_number(to) && is_number(value.kind)) return value.sql;
  if (is_number(to) && value.kind == ValueKind::boolean) return Translator::as_number(value).sql;
  if (to == ValueKind::boolean && is_number(value.kind)) return Translator::as_boolean(value);
  if (to == ValueKind::text && value.kind == ValueKind::integer)
    return text('(', value.sql, ")::text");
  throw Untranslatable{"its value is of another type than the column"};
}

template <class Make>
Translation attempt(Make make) {
  try {
    return {make(), ""};
  } catch (const Untranslatable& problem) {
    return {"", problem.why};
  }
}

}  // namespace

std::optional<std::string> quote_string(const std::string& value) {
  if (value.find('\0') != std::string::npos || !is_utf8(value)) return {};
  std::string quoted = "'";
  for (const char byte : value) {
    if (byte == '\'') quoted += '\'';
    quoted += byte;
  }
  return quoted + '\'';
}

Translation translate_condition(const DdlTokens& tokens, const sql::DdlTable& table,
                                Dialect dialect) {
  return attempt(
      [&] { return Translator::as_boolean(Translator(tokens, table, dialect, true).whole()); });
}

Translation translate_generated(const DdlColumn& column, const sql::DdlTable& table,
                                Dialect dialect) {
  return attempt([&] {
    return assigned(Translator(column.generated, table, dialect, false).whole(), column);
  });
}

Translation translate_key(const DdlTokens& tokens, const sql::DdlTable& table, Dialect dialect) {
  return attempt([&] {
    const Translated value = Translator(tokens, table, dialect, true).whole();
    if (value.literal || value.kind == ValueKind::null || value.kind == ValueKind::other) {
      throw Untranslatable{"nothing that an index could go by"};
    }
    return value.sql;
  });
}

Translation translate_default(const DdlColumn& column, const sql::DdlTable& table,
                              Dialect dialect) {
  return attempt([&]() -> std::string {
    const DdlTokens& tokens = column.default_value;
    if (auto plain = plain_default(column, dialect)) return *plain;
    if (!is_default_an_expression(tokens)) {
      throw Untranslatable{
          text(sql::to_text(tokens), " is no value of the type ", sql::name(column.type))};
    }
    sql::DdlTable none;  // a default refers to no column
    none.name = table.name;
    return text('(', assigned(Translator(tokens, none, dialect, false).whole(), column), ')');
  });
}

}  // namespace pgseed::migrate
