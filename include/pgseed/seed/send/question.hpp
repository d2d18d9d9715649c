#pragma once
// What to ask the target about a batch that may have been stored. Pure. One request is one
// transaction: all rows of a batch are there, or none is.
#include <cstddef>
#include <optional>

#include "pgseed/rest/api.hpp"
#include "pgseed/seed/encode/batch.hpp"

namespace pgseed::seed {

// A request whose Content-Range tells how many of `asked` rows are in the table.
struct Question {
  HttpRequest request;
  std::size_t asked = 0;
};

// Are rows with these keys there? Names some rows, spread from the first to the last; few enough
// for a URL. nullopt for a batch without keys.
std::optional<Question> question_for_keys(const rest::Endpoint& endpoint, const Batch& batch);

// Are the rows of these keys the batch's own, or older ones that differ? Compares short values of
// types that have an equality. nullopt where there is nothing to compare.
std::optional<Question> question_for_values(const rest::Endpoint& endpoint, const Batch& batch);

// Does the table take rows under the keys that they are sent with? A trigger may give them others:
// then a batch that is stored is not found under its keys, and a copy of it finds a place beside
// it. Rows of the batch, each of them twice, as a trial that stores nothing. `body` is the
// request's.
Question question_for_twins(const rest::Endpoint& endpoint, const Batch& batch, json::Buffer& body);

}  // namespace pgseed::seed
