#include "pgseed/seed/rest/rest_closure.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "pgseed/base/interrupt.hpp"

namespace pgseed::seed {
namespace {

using Keys = std::vector<std::vector<std::string>>;

// A URL holds this much of values; gateways cut longer ones.
constexpr std::size_t kMostBytes = 3000;

class Questions {
 public:
  Questions(Transport& transport, const rest::Endpoint& endpoint, const TableName& table,
            const std::vector<std::string>& columns, const Keys& keys)
      : transport_(transport),
        endpoint_(endpoint),
        table_(table),
        columns_(columns),
        keys_(keys),
        found_(keys.size(), true) {}

  std::vector<bool> answers() {
    look(0, keys_.size());
    return found_;
  }

 private:
  // Halves what is neither all there nor all missing.
  void look(std::size_t from, std::size_t to) {
    if (from == to) return;
    std::size_t bytes = 0;
    for (std::size_t index = from; index < to; ++index) {
      for (const std::string& part : keys_[index]) bytes += rest::percent_encode(part).size() + 30;
    }
    const bool alone = to - from == 1;
    if (bytes <= kMostBytes || alone) {
      const Keys asked(keys_.begin() + static_cast<std::ptrdiff_t>(from),
                       keys_.begin() + static_cast<std::ptrdiff_t>(to));
      const HttpResult result =
          exchange(transport_, rest::count_keys_request(endpoint_, table_, columns_, asked));
      if (interrupt::signal_number() != 0) throw Interrupted{};
      const bool answered =
          result.delivery == Delivery::answered && (result.status == 200 || result.status == 206);
      const auto total = answered ? rest::total_of(result.content_range) : std::nullopt;
      if (total == static_cast<long long>(to - from)) return;
      if (total == 0) {
        std::fill(found_.begin() + static_cast<std::ptrdiff_t>(from),
                  found_.begin() + static_cast<std::ptrdiff_t>(to), false);
        return;
      }
      if (alone) return;
    }
    const std::size_t middle = from + (to - from) / 2;
    look(from, middle);
    look(middle, to);
  }

  Transport& transport_;
  const rest::Endpoint& endpoint_;
  const TableName& table_;
  const std::vector<std::string>& columns_;
  const Keys& keys_;
  std::vector<bool> found_;
};

}  // namespace

AskTarget ask_over_rest(Transport& transport, const rest::Endpoint& endpoint) {
  return [&transport, &endpoint](const TableName& table, const std::vector<std::string>& columns,
                                 const Keys& keys) {
    return Questions(transport, endpoint, table, columns, keys).answers();
  };
}

}  // namespace pgseed::seed
