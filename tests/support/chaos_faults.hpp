#pragma once
// What goes wrong on the network in a round of the campaign.
#include "support/fault_proxy.hpp"
#include "support/random.hpp"
#include "support/tcp_proxy.hpp"

namespace pgseed::test {

// Of a request to the API.
Fault random_fault(Random& random, const ProxyRequest& request);

// Of a connection to the database. with_silence: it may fall silent for good, which only a deadline
// ends.
StreamFault random_stream_fault(Random& random, bool with_silence);

}  // namespace pgseed::test
