#pragma once
// UUIDs as text: 8-4-4-4-12 lower-case hex digits.
#include <array>
#include <string>

namespace pgseed {

using UuidBytes = std::array<unsigned char, 16>;

// The bytes with the version's mark and RFC 4122's variant set.
void append_uuid(std::string& out, UuidBytes bytes, unsigned version);
// Version 4, from the system's random generator. Throws Error{storage} if that does not answer.
void append_random_uuid(std::string& out);

}  // namespace pgseed
