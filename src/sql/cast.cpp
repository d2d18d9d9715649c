#include "pgseed/sql/cast.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

bool is_integer_type(std::string_view type) {
  return type == "integer" || type == "bigint" || type == "smallint";
}

bool is_float_type(std::string_view type) {
  return type == "real" || type == "double precision";
}

bool is_bit_type(std::string_view type) {
  return type == "bit" || type == "bit varying";
}

bool is_character_type(std::string_view type) {
  return type == "character varying" || type == "character" || type == "bpchar";
}

// Types of date and time, whose (n) rounds a value that only the server parses.
bool has_precision(std::string_view type) {
  return type.rfind("time", 0) == 0 || type == "interval";
}

void cast_moment(Value& value, const TypeName& type, const char* at) {
  const bool scalar = type.dimensions == 0;
  if (scalar && type.name == "date") {
    value.text = "today";
  } else if (!scalar || type.name.rfind("time", 0) != 0) {
    throw Unsupported{at, text("the current time as ", type.spelled())};
  } else if (type.length) {
    throw Unsupported{at, "the current time with a precision"};
  }
}

// [sign] digits, blanks around: what an integer type's input function takes.
bool is_integer_text(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// The number that bits stand for, as bit's casts to integer and bigint read them (two's
// complement).
void cast_bits_to_integer(Value& value, Arena& arena, std::string_view type, const char* at) {
  const std::size_t longest = type == "bigint" ? 64 : 32;
  if (type == "smallint" || value.text.size() > longest) {
    throw Unsupported{at, text("bits as ", type)};
  }
  std::uint64_t bits = 0;
  for (const char digit : value.text) bits = bits << 1 | static_cast<std::uint64_t>(digit == '1');
  const std::int64_t number =
      longest == 64 ? static_cast<std::int64_t>(bits) : static_cast<std::int32_t>(bits);
  std::string& out = arena.fresh();
  out = std::to_string(number);
  value.set(Form::number, out);
}

void cast_to_integer(Value& value, Arena& arena, const TypeName& type, const char* at) {
  if (value.cast == kBits) return cast_bits_to_integer(value, arena, type.name, at);
  if (value.form == Form::boolean) {
    if (type.name != "integer") throw SyntaxProblem{at, "a boolean cannot be cast to this", ""};
    return value.set(Form::number, value.text == "true" ? "1" : "0");
  }
  std::string& out = arena.fresh();
  if (value.form != Form::number) {
    const std::string written = decoded(value);
    // '1.7'::integer is an error that the server shall report; 1.7::integer is 2.
    if (is_integer_text(trim(written)) && normalize_number(trim(written), out)) {
      value.set(Form::number, out);
    }
    return;
  }
  std::string number;
  if (!normalize_number(value.text, number)) return;
  const std::size_t half = number.find(".5");
  if (is_float_type(value.cast) && half != std::string::npos &&
      number.find_first_not_of('0', half + 2) == std::string::npos) {
    throw Unsupported{at, "a cast that rounds a half to even"};
  }
  out = rounded_to_integer(number);
  value.set(Form::number, out);
}

void cast_to_numeric(Value& value, Arena& arena, const TypeName& type, const char* at) {
  if (value.form == Form::boolean) {
    throw SyntaxProblem{at, "a boolean cannot be cast to this", ""};
  }
  std::string& number = arena.fresh();
  if (!normalize_number(trim(decoded(value)), number)) return;
  if (type.length) {
    const int scale = type.scale.value_or(0);
    if (scale < 0 || !round_to_scale(number, static_cast<std::size_t>(scale))) {
      throw Unsupported{at, "a cast that rounds to a number of decimals"};
    }
    const std::size_t first = number.find_first_of("123456789.");
    const std::size_t whole = std::min(number.find('.'), number.size());
    if (first<whole&& static_cast<int>(whole - first)> * type.length - scale) {
      throw Unsupported{at, text("a number that does not fit its cast to numeric(", *type.length,
                                 ',', scale, ')')};
    }
  }
  value.set(Form::number, number);
}

void cast_to_float(Value& value, Arena& arena, const TypeName& type, const char* at) {
  if (value.form == Form::boolean) {
    throw SyntaxProblem{at, "a boolean cannot be cast to this", ""};
  }
  std::string number;
  if (!normalize_number(trim(decoded(value)), number)) return;
  std::string& out = arena.fresh();
  if (float_text(trim(decoded(value)), type.name == "real", out)) value.set(Form::number, out);
}

// What boolin() takes: any unambiguous beginning of a word, in any case.
void cast_to_boolean(Value& value, const char* at) {
  if (value.form == Form::boolean) return;
  if (value.form == Form::number) {
    if (value.text.find_first_of(".e") != std::string_view::npos) {
      throw Unsupported{at, "a fraction cast to boolean"};
    }
    return value.set(Form::boolean, value.text == "0" ? "false" : "true");
  }
  const std::string word = to_lower(trim(decoded(value)));
  const auto begins = [&](std::string_view whole, std::size_t least) {
    return word.size() >= least && whole.substr(0, word.size()) == word;
  };
  if (begins("true", 1) || begins("yes", 1) || begins("on", 2) || word == "1") {
    value.set(Form::boolean, "true");
  } else if (begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0") {
    value.set(Form::boolean, "false");
  }
}

// An explicit cast to varchar(n) or char(n) cuts silently, unlike an assignment. What char(n) pads
// is no part of the value.
void cast_to_characters(Value& value, Arena& arena, const TypeName& type) {
  std::string& out = arena.fresh();
  append_decoded(out, value);
  const bool one = type.name == "character" && !type.length;
  if (type.length || one) {
    const auto longest = static_cast<std::size_t>(std::max(0, type.length.value_or(1)));
    std::size_t at = 0;
    for (std::size_t characters = 0; at < out.size(); ++at) {
      if ((static_cast<unsigned char>(out[at]) & 0xC0) != 0x80 && characters++ == longest) break;
    }
    out.resize(at);
  }
  if (type.name != "character varying") {
    while (!out.empty() && out.back() == ' ') out.pop_back();
  }
  value.set(Form::verbatim, out);
}

void cast_to_bits(const Value& value, const TypeName& type, const char* at) {
  if (value.form == Form::number) throw Unsupported{at, "a number cast to bits"};
  const bool varying = type.name == "bit varying";
  const bool digits = value.text.find_first_not_of("01") == std::string_view::npos;
  const auto wanted = static_cast<std::size_t>(std::max(0, type.length.value_or(1)));
  const bool fits =
      varying ? !type.length || value.text.size() <= wanted : value.text.size() == wanted;
  if (!digits || !fits) {
    throw Unsupported{at, "a cast that changes the number of bits"};
  }
}

void cast_scalar(Value& value, Arena& arena, const TypeName& type, const char* at) {
  if (value.cast == kBooleans) throw Unsupported{at, "an array of booleans as text"};
  if (is_integer_type(type.name)) return cast_to_integer(value, arena, type, at);
  if (is_bit_type(type.name)) return cast_to_bits(value, type, at);
  if (is_character_type(type.name)) return cast_to_characters(value, arena, type);
  if (type.name == "text") {
    if (value.form == Form::number || value.form == Form::boolean) value.form = Form::verbatim;
    return;
  }
  if (value.cast == kBits) throw Unsupported{at, text("bits as ", type.name)};
  if (type.name == "oid" && !std::all_of(value.text.begin(), value.text.end(), is_digit)) {
    throw Unsupported{at, "a cast to oid"};
  }
  const std::size_t longest = type.name == "char" ? 1 : type.name == "name" ? 63 : 0;
  const bool is_word = value.form == Form::number || value.form == Form::boolean;
  if (longest != 0 && (is_word || decoded(value).size() > longest)) {
    throw Unsupported{at, text("a cast to ", type.name)};
  }
  if (type.name == "numeric") return cast_to_numeric(value, arena, type, at);
  if (is_float_type(type.name)) return cast_to_float(value, arena, type, at);
  if (type.name == "boolean") return cast_to_boolean(value, at);
  if (type.length && has_precision(type.name)) {
    throw Unsupported{at, text("a cast to ", type.name, " with a precision")};
  }
}

}  // namespace

bool is_settled(const Value& value) {
  const std::string_view cast = value.cast;
  if (cast.empty() || cast == kBits || cast == kBooleans || cast == "text" || cast == "unknown" ||
      is_character_type(cast)) {
    return true;
  }
  const bool is_word = value.form == Form::number || value.form == Form::boolean;
  return is_word && (is_integer_type(cast) || cast == "numeric" || cast == "boolean");
}

void apply_cast(Value& value, Arena& arena, const TypeName& type, const char* at) {
  if (value.form == Form::null) return;
  if (value.form == Form::use_default) throw SyntaxProblem{at, "DEFAULT cannot be cast", ""};
  if (value.form != Form::moment && !is_settled(value) && value.cast != type.spelled()) {
    const bool printed =
        value.form == Form::number && is_float_type(value.cast) && type.dimensions == 0 &&
        (type.name == "text" || is_character_type(type.name) || is_integer_type(type.name));
    if (!printed) throw Unsupported{at, text("a cast from ", value.cast, " to ", type.spelled())};
  }
  if (value.form == Form::moment) {
    cast_moment(value, type, at);
  } else if (type.dimensions == 0) {
    cast_scalar(value, arena, type, at);
  } else if (type.length && (type.name == "numeric" || is_bit_type(type.name) ||
                             is_character_type(type.name) || has_precision(type.name))) {
    throw Unsupported{at, "a cast that may change the elements of an array"};
  }
  std::string& name = arena.fresh();
  name = type.spelled();
  value.cast = name;
}

}  // namespace pgseed::sql
