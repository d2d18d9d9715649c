#include "support/chaos_values.hpp"

#include "pgseed/base/text.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kPieces[] = {"a",
                                   "'",
                                   "''",
                                   "\\",
                                   "\"",
                                   "\n",
                                   "\t",
                                   "\r",
                                   "∀x",
                                   "😀",
                                   ";",
                                   "--",
                                   "/*",
                                   "$$",
                                   "{}",
                                   " ",
                                   "\\N",
                                   "\\.",
                                   "\\frac{1}{2}",
                                   "NULL",
                                   "),(",
                                   "long text of some words "};

// As written, and as PostgreSQL prints it.
struct Spelling {
  const char* written;
  const char* shown;
  bool is_bare = false;
};

constexpr Spelling kBooleans[] = {{"true", "true", true}, {"false", "false", true}, {"t", "true"},
                                  {"no", "false"},        {"on", "true"},           {"0", "false"}};
constexpr Spelling kDates[] = {{"2024-02-29", "2024-02-29"},
                               {"0044-03-15 BC", "0044-03-15 BC"},
                               {"infinity", "infinity"},
                               {"Jan 5, 2026", "2026-01-05"},
                               {"20260105", "2026-01-05"}};
constexpr Spelling kMoments[] = {{"2026-01-05 09:12:44.5+02", "2026-01-05 07:12:44.5+00"},
                                 {"1999-12-31 23:59:59.999999+00", "1999-12-31 23:59:59.999999+00"},
                                 {"2026-06-01T00:00:00-07:30", "2026-06-01 07:30:00+00"},
                                 {"-infinity", "-infinity"}};
constexpr Spelling kNumerics[] = {{"1.50", "1.50", true},
                                  {"-0.000", "0.000", true},
                                  {"1e3", "1000", true},
                                  {"NaN", "NaN"},
                                  {"123456789012345678901234567890.1234567890",
                                   "123456789012345678901234567890.1234567890", true}};
constexpr Spelling kReals[] = {
    {"0.1", "0.1", true},     {"-0", "-0"},   {"1e-7", "1e-07", true},
    {"Infinity", "Infinity"}, {"NaN", "NaN"}, {"9007199254740993", "9.007199254740992e+15", true}};
constexpr Spelling kDocuments[] = {
    {R"({"b": 1, "a": [null, "x\u00e9\n"]})", R"({"a": [null, "xé\n"], "b": 1})"},
    {"[]", "[]"},
    {"\"it's\"", "\"it's\""},
    {"1.10", "1.10"},
    {R"({"k":{"k":"v"},"k":2})", R"({"k": 2})"}};
constexpr Spelling kBytes[] = {{"\\x00ff27", "\\x00ff27"}, {"\\x", "\\x"}, {"\\xDEAD", "\\xdead"}};
constexpr Spelling kLists[] = {{"{}", "{}"},
                               {"{a,\"b c\",NULL}", "{a,\"b c\",NULL}"},
                               {"{ x , \"y\" }", "{x,y}"},
                               {R"({"q\"q","\\"})", R"({"q\"q","\\"})"}};

template <class Spellings>
ChaosValue one_of(Random& random, const Spellings& spellings) {
  const Spelling& spelling = spellings[random.below(std::size(spellings))];
  return {spelling.shown, spelling.written, spelling.is_bare};
}

ChaosValue whole_number(Random& random) {
  constexpr const char* kNumbers[] = {"0", "-1", "9007199254740993", "9223372036854775807",
                                      "-9223372036854775808"};
  std::string number =
      random.one_in(3) ? random.pick(kNumbers) : std::to_string(random.below(1'000'000'000));
  return {number, number, true};
}

ChaosValue free_text(Random& random, std::size_t pieces) {
  std::string value;
  for (std::size_t piece = random.below(pieces); piece > 0; --piece) value += random.pick(kPieces);
  return {value, value, false};
}

ChaosValue some_uuid(Random& random) {
  std::string lower = "00000000-0000-4000-8000-", upper;
  for (int digit = 0; digit < 12; ++digit) lower += "0123456789abcdef"[random.below(16)];
  for (const char byte : lower) {
    upper += byte >= 'a' && byte <= 'f' ? static_cast<char>(byte - 'a' + 'A') : byte;
  }
  return {lower, random.one_in(2) ? upper : lower, false};
}

}  // namespace

ChaosValue random_chaos_value(Random& random, std::size_t column) {
  if (random.one_in(12)) return {};
  switch (*kChaosColumns[column]) {
    case 'n':
      return whole_number(random);
    case 'b':
      return one_of(random, kBooleans);
    case 'd':
      return one_of(random, kDates);
    case 't':
      return one_of(random, kMoments);
    case 'm':
      return one_of(random, kNumerics);
    case 'f':
      return one_of(random, kReals);
    case 'u':
      return some_uuid(random);
    case 'j':
      return one_of(random, kDocuments);
    case 'y':
      return one_of(random, kBytes);
    case 'a':
      return one_of(random, kLists);
    case 'c': {
      const std::string number = text("c", random.below(1000));
      return {number, number, false};
    }
    default:
      return free_text(random, 12);
  }
}

}  // namespace pgseed::test
