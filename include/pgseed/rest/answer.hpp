#pragma once
// What an HTTP answer says, whoever wrote it: PostgREST's JSON, a gateway's JSON, a web page, plain
// text. Everything here is fit to be shown: redacted, one line, of bounded length.
#include <string>
#include <string_view>

#include "pgseed/http/client.hpp"

namespace pgseed::rest {

struct Answer {
  bool is_object = false;  // the body is a JSON object (which may be empty)
  bool is_web_page = false;
  std::string code;     // as the body has it: SQLSTATE, PGRST..., a gateway's own word, or empty
  std::string message;  // the server's, or the web page's title, or the plain text; may be empty
  std::string details;
  std::string hint;
};
Answer read_answer(const HttpResult& result);

// True for what PostgreSQL (five capitals and digits) or PostgREST (PGRST...) call an error.
bool is_database_code(std::string_view code);

// 400 with an empty code and message: so PostgREST answers while PostgreSQL restarts or ends its
// connection, perhaps after the COMMIT.
bool is_wordless(const HttpResult& result, const Answer& answer);

// One sentence about an answer that was no success; never empty.
std::string describe(const HttpResult& result, const Answer& answer);

// Redacted, control characters and line breaks as blanks, cut between characters with an ellipsis.
std::string presentable(std::string_view message, std::size_t max_bytes);

}  // namespace pgseed::rest
