#include <cmath>
#include <cstdio>

#include "support/random_postgresql_values.hpp"
#include "support/random_text.hpp"

namespace pgseed::test {
namespace {

using Texts = std::vector<std::string>;

// One of the list, or what `other` makes: mostly the latter.
template <class Other>
std::string edge_or(Random& random, const Texts& edges, const Other& other) {
  return random.one_in(3) ? random.pick(edges) : other();
}

std::string padded(std::size_t number, int digits) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%0*zu", digits, number);
  return buffer;
}

std::string date_of(Random& random) {
  return padded(1 + random.below(9999), 4) + "-" + padded(1 + random.below(12), 2) + "-" +
         padded(1 + random.below(28), 2);
}

std::string time_of(Random& random) {
  std::string time = padded(random.below(24), 2) + ":" + padded(random.below(60), 2) + ":" +
                     padded(random.below(60), 2);
  if (random.one_in(2)) time += "." + padded(1 + random.below(999999), 6);
  return time;
}

std::string decimal(Random& random, std::size_t whole, std::size_t places) {
  std::string number = random_digits(random, whole);
  if (random.one_in(3)) return number;
  number += '.';
  for (std::size_t left = 1 + random.below(places); left > 0; --left) {
    number += static_cast<char>('0' + random.below(10));
  }
  return number;
}

std::string real_of(Random& random, int digits, int range) {
  const double mantissa = static_cast<double>(random.below(std::size_t{1} << 53));
  char buffer[64];
  std::snprintf(
      buffer, sizeof buffer, "%.*g", digits,
      std::ldexp(random.one_in(2) ? mantissa : -mantissa,
                 static_cast<int>(random.below(static_cast<std::size_t>(range))) - range / 2 - 53));
  return buffer;
}

std::string bits_of(Random& random, std::size_t count) {
  std::string bits;
  while (bits.size() < count) bits += random.one_in(2) ? '1' : '0';
  return bits;
}

std::string cut(const std::string& text, std::size_t characters) {
  std::size_t at = 0;
  for (std::size_t count = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && count++ == characters) break;
  }
  return text.substr(0, at);
}

std::string json_string(Random& random) {
  std::string out = "\"";
  for (const char byte : random_string(random)) {
    if (byte == '"' || byte == '\\') {
      out += std::string("\\") + byte;
    } else if (static_cast<unsigned char>(byte) < 0x20 || (byte == 'a' && random.one_in(4))) {
      out += "\\u00" + hex(std::string(1, byte));
    } else if (byte == '/' && random.one_in(2)) {
      out += "\\/";
    } else {
      out += byte;
    }
  }
  return out + '"';
}

std::string json(Random& random, int depth) {
  const auto blank = [&] { return random.pick(Texts{"", "", " ", "\n", "\t "}); };
  switch (random.below(depth > 3 ? 4 : 7)) {
    case 0:
      return random.pick(Texts{"true", "false", "[]", "{}", "0", "-0", "1.10", "1e5", "-2.5E-3",
                               "123456789012345678901234567890.0123456789"});
    case 1:
      return random_digits(random, 25);
    case 2:
    case 3:
      return json_string(random);
    case 4: {
      std::string out = "[";
      for (std::size_t left = random.below(4); left > 0; --left) {
        out += blank() + (random.one_in(6) ? "null" : json(random, depth + 1)) + blank();
        if (left > 1) out += ',';
      }
      return out + "]";
    }
    default: {
      std::string out = "{";
      for (std::size_t left = random.below(4); left > 0; --left) {
        out += blank() + json_string(random) + blank() + ":" + blank() +
               (random.one_in(6) ? "null" : json(random, depth + 1)) + blank();
        if (left > 1) out += ',';
      }
      return out + "}";
    }
  }
}

// '{...}' of elements that need no quotes, or have them.
template <class Element>
std::string array_of(Random& random, const Element& element) {
  std::string out = "{";
  for (std::size_t left = random.below(5); left > 0; --left) {
    out += random.one_in(6) ? "NULL" : element();
    if (left > 1) out += ',';
  }
  return out + "}";
}

std::string array_string(Random& random) {
  std::string out = "\"";
  for (const char byte : random_string(random)) {
    if (byte == '"' || byte == '\\') out += '\\';
    out += byte;
  }
  return out + "\"";
}

std::vector<PgType> make_types() {
  return {
      {"text", PgKind::text, [](Random& r) { return random_string(r); }},
      {"character varying(12)", PgKind::text, [](Random& r) { return cut(random_string(r), 12); }},
      {"character(7)", PgKind::other, [](Random& r) { return cut(random_string(r), 7); }},
      {"citext", PgKind::other, [](Random& r) { return random_string(r); }},
      {"name", PgKind::other, [](Random& r) { return cut(random_string(r), 15); }},
      {"\"char\"", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"a", "'", " ", "", ";"});
       }},
      {"smallint", PgKind::integer,
       [](Random& r) {
         return edge_or(r, {"32767", "-32768", "0", "-1"}, [&] { return random_digits(r, 4); });
       }},
      {"integer", PgKind::integer,
       [](Random& r) {
         return edge_or(r, {"2147483647", "-2147483648", "0", "-1"},
                        [&] { return random_digits(r, 9); });
       }},
      {"bigint", PgKind::integer,
       [](Random& r) {
         return edge_or(r, {"9223372036854775807", "-9223372036854775808", "9007199254740993", "0"},
                        [&] { return random_digits(r, 18); });
       }},
      {"numeric", PgKind::number,
       [](Random& r) {
         return edge_or(r,
                        {"NaN", "Infinity", "-Infinity", "0", "0.000", "-0.0", "1e-20", "1e400",
                         "1.10", ".5", "5.", "007"},
                        [&] { return decimal(r, 60, 40); });
       }},
      {"numeric(12,3)", PgKind::number,
       [](Random& r) {
         return edge_or(r, {"999999999.999", "-0.0005", "1.0005", "0.0004", "1e3"},
                        [&] { return decimal(r, 8, 6); });
       }},
      {"real", PgKind::number,
       [](Random& r) {
         return edge_or(r,
                        {"NaN", "Infinity", "-Infinity", "-0", "0.1", "3.4028235e38",
                         "1.17549435e-38", "16777217", "1e-45"},
                        [&] { return real_of(r, 9, 200); });
       }},
      {"double precision", PgKind::number,
       [](Random& r) {
         return edge_or(r,
                        {"NaN", "Infinity", "-Infinity", "-0", "0.1", "1.7976931348623157e308",
                         "2.2250738585072014e-308", "5e-324", "123456789.123456789"},
                        [&] { return real_of(r, 17, 1800); });
       }},
      {"boolean", PgKind::boolean,
       [](Random& r) {
         return r.pick(Texts{"t", "f", "true", "FALSE", "yes", "no", "on", "off", "1", "0"});
       }},
      {"bytea", PgKind::other,
       [](Random& r) {
         if (!r.one_in(4)) return "\\x" + hex(random_bytes(r));
         return r.pick(Texts{"", "\\x", "abc\\000\\\\d", "plain 'text'", "\\x00FF aB"});
       }},
      {"uuid", PgKind::other,
       [](Random& r) {
         std::string digits;
         while (digits.size() < 32) digits += "0123456789abcdefABCDEF"[r.below(22)];
         for (const std::size_t at : {20, 16, 12, 8}) {
           if (!r.one_in(3)) digits.insert(at, "-");
         }
         return r.one_in(8) ? "{" + digits + "}" : digits;
       }},
      {"date", PgKind::other,
       [](Random& r) {
         return edge_or(r,
                        {"infinity", "-infinity", "0044-03-15 BC", "2024-02-29", "5874897-12-31",
                         "4713-01-01 BC", "January 8, 1999", "20240105"},
                        [&] { return date_of(r); });
       }},
      {"time", PgKind::other,
       [](Random& r) {
         return edge_or(r, {"24:00:00", "00:00:00"}, [&] { return time_of(r); });
       }},
      {"timetz", PgKind::other,
       [](Random& r) {
         return time_of(r) + r.pick(Texts{"+00", "-08", "+05:30", "Z"});
       }},
      {"timestamp", PgKind::other,
       [](Random& r) {
         return edge_or(r,
                        {"infinity", "-infinity", "294276-12-31 23:59:59.999999",
                         "0044-03-15 12:00:00 BC", "2024-01-01T12:00:00"},
                        [&] { return date_of(r) + " " + time_of(r); });
       }},
      {"timestamptz", PgKind::other,
       [](Random& r) {
         return edge_or(
             r, {"infinity", "-infinity", "2024-07-01 12:00 America/New_York", "epoch"}, [&] {
               return date_of(r) + " " + time_of(r) + r.pick(Texts{"+00", "-08", "+05:30", "Z"});
             });
       }},
      {"timestamp(2)", PgKind::other, [](Random& r) { return date_of(r) + " " + time_of(r); }},
      {"interval", PgKind::other,
       [](Random& r) {
         return edge_or(r,
                        {"1 year 2 mons 3 days 04:05:06.789", "P1Y2M3DT4H5M6S", "@ 1 hour ago",
                         "-1 day +2:03:04", "00:00:00"},
                        [&] { return random_digits(r, 4) + " days " + time_of(r); });
       }},
      {"json", PgKind::other, [](Random& r) { return json(r, 0); }},
      {"jsonb", PgKind::other,
       [](Random& r) { return r.one_in(5) ? " " + json(r, 0) + "\n" : json(r, 0); }},
      {"docb", PgKind::other, [](Random& r) { return json(r, 1); }},
      {"integer[]", PgKind::integers,
       [](Random& r) {
         return edge_or(r, {"{{1,2},{3,4}}", "[2:4]={7,8,9}", "{}"},
                        [&] { return array_of(r, [&] { return random_digits(r, 9); }); });
       }},
      {"text[]", PgKind::texts,
       [](Random& r) {
         return edge_or(r, {"{\"a,b\",NULL,\"NULL\",\"\"}", "{}", "{{a},{b}}"},
                        [&] { return array_of(r, [&] { return array_string(r); }); });
       }},
      {"numeric[]", PgKind::other,
       [](Random& r) { return array_of(r, [&] { return decimal(r, 20, 5); }); }},
      {"boolean[]", PgKind::other,
       [](Random& r) { return array_of(r, [&] {
                         return r.pick(Texts{"t", "f"});
                       }); }},
      {"bytea[]", PgKind::other,
       [](Random& r) {
         return array_of(r, [&] { return "\"\\\\x" + hex(random_bytes(r)) + "\""; });
       }},
      {"mood", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"sad", "ok ish", "Ha''ppy", "\xC3\xA9 \\n"});
       }},
      {"mood[]", PgKind::other,
       [](Random& r) {
         return array_of(r, [&] { return r.pick(Texts{"sad", "\"ok ish\"", "\"Ha''ppy\""}); });
       }},
      {"pair", PgKind::pair,
       [](Random& r) {
         std::string quoted_text = "\"";
         for (const char byte : random_string(r)) {
           if (byte == '"' || byte == '\\') quoted_text += byte;
           quoted_text += byte;
         }
         quoted_text += '"';
         return "(" + (r.one_in(4) ? "" : random_digits(r, 9)) + "," +
                (r.one_in(4) ? "" : quoted_text) + ")";
       }},
      {"positive", PgKind::integer, [](Random& r) { return std::to_string(1 + r.below(99999)); }},
      {"short_text", PgKind::other, [](Random& r) { return cut(random_string(r), 5); }},
      {"bit(8)", PgKind::bits, [](Random& r) { return bits_of(r, 8); }},
      {"bit varying", PgKind::bits, [](Random& r) { return bits_of(r, 4 * r.below(9)); }},
      {"int4range", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"[1,10)", "empty", "(,5]", "[1,]", "(1,3)"});
       }},
      {"tstzrange", PgKind::other,
       [](Random&) { return std::string("[\"2024-01-01 00:00+00\",\"2024-01-02 00:00+02\")"); }},
      {"nummultirange", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"{[1.10,3),[5,7)}", "{}"});
       }},
      {"inet", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"192.168.0.1/24", "::1", "10.0.0.1", "::ffff:1.2.3.4"});
       }},
      {"macaddr", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"08-00-2b-01-02-03", "08002b:010203"});
       }},
      {"money", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"$1,234.56", "-$0.5", "12"});
       }},
      {"point", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"(1,2)", "1.5,-2", "(1e20,0.1)"});
       }},
      {"polygon", PgKind::other, [](Random&) { return std::string("((0,0),(1,1),(1,0))"); }},
      {"box[]", PgKind::other, [](Random&) { return std::string("{(1,1),(0,0);(2,2),(1,1)}"); }},
      {"xml", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"<a x=\"1\">b &amp; 'c'</a>", "text", "<!-- ;'-->"});
       }},
      {"tsvector", PgKind::other,
       [](Random& r) {
         return r.pick(Texts{"a:1 b:2A", "'it''s' x", ""});
       }},
      {"tsquery", PgKind::other, [](Random&) { return std::string("a & !b"); }},
      {"hstore", PgKind::other,
       [](Random& r) {
         return r.pick(
             Texts{"\"a\"=>\"1\", \"b\"=>NULL", "k=>v", "", "\"it's \\\"x\\\"\"=>\"\\\\\""});
       }},
      {"ltree", PgKind::other, [](Random&) { return std::string("Top.Science"); }},
      {"oid", PgKind::other, [](Random& r) { return std::to_string(r.below(4294967296)); }},
      {"pg_lsn", PgKind::other, [](Random&) { return std::string("16/B374D848"); }},
      {"jsonpath", PgKind::other, [](Random&) { return std::string("$.a[*] ? (@ > 1)"); }},
  };
}

}  // namespace

const std::vector<PgType>& pg_types() {
  static const std::vector<PgType> all = make_types();
  return all;
}

const PgType& pg_text() {
  return pg_types().front();
}

}  // namespace pgseed::test
