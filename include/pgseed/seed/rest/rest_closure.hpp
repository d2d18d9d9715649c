#pragma once
// Questions of --closure to the target, over PostgREST.
#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/order/closure_walk.hpp"

namespace pgseed::seed {

// Both must outlive the function that comes back. A target that gives no usable answer is taken to
// have the row: storing what refers to it will show.
AskTarget ask_over_rest(Transport& transport, const rest::Endpoint& endpoint);

}  // namespace pgseed::seed
