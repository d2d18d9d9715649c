#pragma once
// Random values of PostgreSQL's types, and the spellings that SQL text has for them.
#include <string>
#include <vector>

#include "support/random.hpp"

namespace pgseed::test {

enum class PgKind { text, integer, number, boolean, bits, integers, texts, pair, other };

struct PgType {
  const char* type;  // as CREATE TABLE says it
  PgKind kind;
  std::string (*value)(Random&);  // what its input function reads
};
const std::vector<PgType>& pg_types();
// text, which every table should have.
const PgType& pg_text();

// Writes what stands between the words of a statement, names and literals.
class PgSpelling {
 public:
  explicit PgSpelling(Random& random) : random_(random) {}

  bool backslash_is_data = true;  // standard_conforming_strings

  std::string gap();    // between two words
  std::string maybe();  // where nothing needs to stand
  std::string name(const std::string& name);
  std::string word(std::string upper_case);  // in any case
  std::string literal(const PgType& type, const std::string& value);
  std::string null(const PgType& type);

 private:
  std::string string(const std::string& value);
  std::string plain(const std::string& value);
  std::string escaped(const std::string& value);
  std::string unicode(const std::string& value, char quote);
  std::string number(const std::string& value);
  std::string bits(const std::string& value);
  std::string array(const PgType& type, const std::string& value);

  Random& random_;
};

}  // namespace pgseed::test
