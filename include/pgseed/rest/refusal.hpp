#pragma once
// Why connect() failed, and what to do about it, in words.
#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/http/client.hpp"
#include "pgseed/rest/answer.hpp"

namespace pgseed::rest {

// No answer at all. Error{refused} when a proxy wants a password, else Error{unreachable}.
Error unreachable_error(const std::string& base_url, const HttpResult& result);

// PostgREST answers that its own database does not (PGRST000 to PGRST003).
Error database_down_error(const std::string& base_url, const Answer& answer);

// A gateway lets nobody in for now: 429 or 503.
Error turned_away_error(const std::string& base_url, const HttpResult& result,
                        const Answer& answer);

// PostgREST or the gateway before it said no: key, role, rights, schema.
Error refusal_error(const std::string& base_url, const std::string& schema,
                    const HttpResult& result, const Answer& answer);

// Something answered, but it was no PostgREST: a web page, a redirect, a broken gateway.
Error not_postgrest_error(const std::string& base_url, const HttpResult& result,
                          const Answer& answer);

}  // namespace pgseed::rest
