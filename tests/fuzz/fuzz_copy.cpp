// First byte: the cut. Second: limits. Third: the head. Then the data behind it.
#include <optional>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"

using namespace pgseed::test;
namespace sql = pgseed::sql;

namespace {

constexpr const char* kHeads[] = {
    "COPY t FROM stdin;\n",
    "COPY t (a, b) FROM stdin;\n",
    "COPY t FROM stdin WITH (DELIMITER ',', NULL 'x');\n",
    "COPY t (a, b) FROM stdin WITH (FORMAT text, DELIMITER '|', HEADER);\n",
    "COPY t FROM stdin WITH (FORMAT csv);\n",
    "COPY t (a, b) FROM stdin CSV HEADER;\n",
    "COPY t (a, b) FROM stdin WITH (FORMAT csv, HEADER match, NULL 'x', FORCE_NULL (b));\n",
    "COPY t (a, b) FROM stdin WITH (FORMAT csv, ESCAPE E'\\\\', FORCE_NOT_NULL (b));\n",
    "COPY t FROM stdin WITH (FORMAT csv, DELIMITER ';', QUOTE '''');\n",
    "COPY t FROM stdin WITH (FORMAT binary);\n",
};

int octal(char byte) {
  return byte >= '0' && byte <= '7' ? byte - '0' : -1;
}

int hexadecimal(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const char letter = static_cast<char>(byte | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// What a backslash and the bytes behind it stand for; moves to behind them.
char escaped(std::string_view text, std::size_t& at) {
  const char byte = text[at++];
  if (octal(byte) >= 0) {
    int code = octal(byte);
    for (int more = 0; more < 2 && at < text.size() && octal(text[at]) >= 0; ++more) {
      code = code * 8 + octal(text[at++]);
    }
    return static_cast<char>(code);
  }
  if (byte == 'x' && at < text.size() && hexadecimal(text[at]) >= 0) {
    int code = hexadecimal(text[at++]);
    if (at < text.size() && hexadecimal(text[at]) >= 0) code = code * 16 + hexadecimal(text[at++]);
    return static_cast<char>(code);
  }
  switch (byte) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return byte;
  }
}

// The rows of COPY's text format byte by byte, up to its end mark: for text without mistakes.
std::vector<std::string> plain_rows(std::string_view text) {
  std::vector<std::string> rows;
  for (std::size_t at = 0; at < text.size() && text.substr(at, 3) != "\\.\n"; ++at) {
    std::string row;
    for (bool more = true; more;) {
      std::string field;
      const std::size_t begin = at;
      while (at < text.size() && text[at] != '\t' && text[at] != '\n') {
        if (text[at] == '\\' && at + 1 < text.size()) {
          field += escaped(text, ++at);
        } else {
          field += text[at++];
        }
      }
      const bool null = text.substr(begin, at - begin) == "\\N";
      row += null ? " NULL" : " [" + field + "]";
      more = at < text.size() && text[at] == '\t';
      if (more) ++at;
    }
    rows.push_back(row);
  }
  return rows;
}

void promise_plain_rows(std::string_view data, const std::vector<std::string>& pieces) {
  const std::vector<std::string> rows = plain_rows(data);
  constexpr std::string_view kHead = " copy t:";
  for (std::size_t index = 0; index < pieces.size(); ++index) {
    const std::size_t head = pieces[index].find(kHead);
    if (pieces[index].starts_with("error") || head == std::string::npos) return;
    promise(index < rows.size() && pieces[index].substr(head + kHead.size()) == rows[index],
            "other rows than COPY's own rules give: " + pieces[index]);
  }
}

}  // namespace

int fuzz_copy(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const sql::ReaderOptions options = reader_options(sql::Dialect::postgresql, choices.byte());
  const std::size_t head = choices.byte() % std::size(kHeads);
  const std::string_view rest = choices.rest();
  const std::string text = kHeads[head] + std::string(rest);
  const std::vector<std::string> pieces = promise_however_cut(text, cut, options);
  for (const std::string& piece : pieces) {
    promise(piece.starts_with("error") || pgseed::is_utf8(piece), "what is read is text");
  }
  if (head == 0 && options.rows && rest.find('\r') == std::string_view::npos) {
    promise_plain_rows(rest, pieces);
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_copy(data, size);
}
#endif
