#pragma once
// Where a text that a JSON reader refused goes wrong. Private to src/seed.
#include <cstddef>
#include <string>
#include <string_view>

namespace pgseed::seed {

struct JsonProblem {
  std::size_t offset = 0;
  std::string message;
  const char* hint = "";
};

// object: no valid JSON, or with an escape that is no character.
JsonProblem find_json_problem(std::string_view object);

}  // namespace pgseed::seed
