#pragma once
// PostgREST's OpenAPI document -> the schema model. What the document cannot tell stays unset:
// defaults of serial and identity columns, generated columns, unique keys beside the primary key.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/schema/model.hpp"

namespace pgseed::rest {

// document: Swagger 2.0 as PostgREST 9 to 14 write it. Returns nullopt when it is not such a
// document. Foreign keys are assumed to stay inside `schema` (the document names no schema).
std::optional<Model> read_openapi(std::string_view document, const std::string& schema);

}  // namespace pgseed::rest
