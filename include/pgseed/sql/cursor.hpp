#pragma once
// PostgreSQL's lexical rules as small steps over a piece of text that may be cut anywhere. A step
// that needs bytes behind a cut throws NeedMore; the caller reads more and begins the piece again.
// Borrowed from: PostgreSQL's scan.l and psqlscan.l (rules, not code).
#include <string>
#include <string_view>

namespace pgseed::sql {

class TextMarks;

// Thrown at the end of a window that is not the end of the text.
struct NeedMore {};

// Broken SQL, at a position inside the window.
struct SyntaxProblem {
  const char* at;
  std::string message;
  std::string hint;
};

struct Cursor {
  const char* position;
  const char* end;
  bool final;  // nothing follows `end`
  // standard_conforming_strings: a backslash in '...' is data. Off: it escapes, as in E'...'.
  bool backslash_is_data = true;
  TextMarks* marks = nullptr;  // of the text, where it has them

  // The byte `ahead` of the position, 0 past the end of the text.
  char peek(std::size_t ahead = 0) const {
    if (static_cast<std::size_t>(end - position) > ahead) return position[ahead];
    if (!final) throw NeedMore{};
    return 0;
  }
  bool at_end() const {
    if (position < end) return false;
    if (!final) throw NeedMore{};
    return true;
  }
};

// Over a whole text, with standard_conforming_strings.
inline Cursor cursor_over(std::string_view whole) {
  return {whole.data(), whole.data() + whole.size(), true};
}

bool is_space(char byte);             // blank, tab, CR, LF, form feed, vertical tab
bool is_identifier_start(char byte);  // letter, _, or any byte of a multi-byte character
bool is_identifier_part(char byte);   // also digits and $
bool is_digit(char byte);
bool is_operator(char byte);

// Skips white space, -- comments and nested /* */ comments.
void skip_blanks(Cursor& cursor);

// At an unquoted identifier: its text as written; empty if there is none.
std::string_view read_word(Cursor& cursor);
// True, and moved past it, if the next word is this key word (upper case given).
bool accept_word(Cursor& cursor, std::string_view upper_case_word);
// The same for one byte, after blanks.
bool accept(Cursor& cursor, char byte);
void require(Cursor& cursor, char byte, const char* context);

// At an identifier, quoted or not or U&"...": the name as the catalogue has it (folded, at most 63
// bytes as PostgreSQL cuts it). False if there is none here.
bool read_identifier(Cursor& cursor, std::string& name);

// At the opening quote: moves past the closing one and returns what stands between, as written.
// escapes: backslashes escape (E'...'). has_escapes is set if '' or a backslash occurs.
std::string_view read_quoted(Cursor& cursor, bool escapes, bool& has_escapes);
// Behind the closing quote of a string: true, and moved to the next opening quote, if white space
// with a newline and then another '...' follow, which continues the same string.
bool continue_quoted(Cursor& cursor);
// At `$`: moves past a dollar-quoted string and returns its contents; false if this is none.
bool read_dollar_quoted(Cursor& cursor, std::string_view& contents);

// Moves past one token of any kind (string, identifier, number, operator character); stays at the
// end of the text.
void skip_token(Cursor& cursor);

// The value of the text between quotes: '' -> '.
void append_undoubled(std::string& out, std::string_view between, char quote = '\'');
// The value of an E'...' string: backslash escapes, \u included. `at` is where it stands, for
// errors. Throws SyntaxProblem for an invalid escape or an escaped NUL.
void append_unescaped(std::string& out, std::string_view between, const char* at);
// Behind a U&'...' or U&"..." token: the character that UESCAPE names, else a backslash.
char read_unicode_escape(Cursor& cursor);
// The value of a U&'...' string (quotes still doubled) with its escape character.
void append_unicode_escaped(std::string& out, std::string_view between, char escape, char quote,
                            const char* at);

}  // namespace pgseed::sql
