#pragma once
// The API's URL as people write it -> a base URL to put paths behind.
#include <string>
#include <string_view>

namespace pgseed::rest {

// Blanks around it and trailing slashes are taken away, the scheme and host are written in lower
// case. Throws Error{usage} for what is no http(s) URL, and for one that holds credentials, a query
// or a fragment; the message never shows a password.
std::string checked_base_url(std::string_view url);

// The same API with the other prefix: /rest/v1 added, or taken away where it stands at the end.
std::string with_other_prefix(const std::string& base_url);

// One name for all spellings that lead to one API: without /rest/v1 and the scheme's own port, and
// localhost as 127.0.0.1. Not to connect with. Throws as checked_base_url() does.
std::string one_spelling(std::string_view url);

// True for a URL of this machine; one of credentials or without a scheme is looked at as well.
bool is_local(std::string_view url);

}  // namespace pgseed::rest
