#pragma once
// simdjson behind a few small functions: what pgseed reads of other people's JSON.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgseed::json {

// True for valid UTF-8 as PostgreSQL understands it: no surrogates, no overlong forms.
bool is_utf8(std::string_view text);

// True if the text is one complete JSON value whose brackets balance and whose strings end, so that
// it can stand inside a larger body without changing that body's structure. PostgreSQL stays the
// judge of the rest (escapes, number ranges). Big numbers and deep nesting are fine. Allocates
// nothing up to 512 levels.
bool is_embeddable(std::string_view text);

// One member of an object: its name and the value. A string value is decoded; anything else is
// its JSON text; JSON null is nullopt.
struct Member {
  std::string name;
  std::optional<std::string> value;
  bool was_string = false;
};
// The members of one flat object in order. Throws Error{input} if the text is not an object.
std::vector<Member> read_object(std::string_view object);

// A JSON text that is not an object, or not JSON at all, gives nullopt (never throws).
std::optional<std::vector<Member>> try_read_object(std::string_view text);

// The elements of an array, as Member holds values; nullopt for what is no array.
std::optional<std::vector<Member>> try_read_array(std::string_view text);

// The first value under that name, nullptr if there is none but nulls. It lives as long as the
// members.
const std::string* find(const std::vector<Member>& members, std::string_view name);

}  // namespace pgseed::json
