#include "pgseed/seed/send/emptiness.hpp"

#include "pgseed/base/interrupt.hpp"

namespace pgseed::seed {

bool looks_empty(Transport& transport, const rest::Endpoint& endpoint, const TableName& table,
                 const std::string& column, const Options& options) {
  HttpRequest request = rest::any_row_request(endpoint, table, column);
  request.timeout = options.timeout;
  const HttpResult result = exchange(transport, request);
  if (interrupt::signal_number() != 0) throw Interrupted{};
  return result.delivery == Delivery::answered && result.status == 200 &&
         rest::found_nothing(result.content_range);
}

}  // namespace pgseed::seed
