#include "pgseed/sql/ddl_tokens.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgseed;

namespace {

std::string words_of(const sql::DdlTokens& tokens) {
  std::string all;
  for (const sql::DdlToken& token : tokens) all += token.text + '|';
  return all;
}

}  // namespace

TEST_CASE("ddl tokens: a name may begin with a digit, and one behind a fraction ends it") {
  // .5abc was read as an empty word, again and again, until no memory was left.
  CHECK(words_of(sql::mysql_tokens("2fa_token .5abc 1.5e 0x1g a.5b", {}, 1)) ==
        "2fa_token|.5|abc|1|.5|e|0x1g|a|.5|b|");
}
