#pragma once
// What an answer to a write means. Decided by the JSON `code` first and the HTTP status second.
#include <chrono>
#include <optional>
#include <string>

#include "pgseed/http/client.hpp"

namespace pgseed::rest {

enum class Verdict {
  accepted,  // committed; `affected` rows if the server counted
  rejected,  // the server said no and stored nothing
  retry,     // nothing stored, the cause passes
  in_doubt,  // it may have been committed
};

// What may help a rejected batch.
enum class Remedy {
  none,           // (accepted, retry, in_doubt)
  bisect,         // bad data: some row of the batch is at fault
  split,          // too much at once: 57014, 413, 54000; halve it, down to one row
  separate_keys,  // 21000: the same key twice in one statement
  reload,         // the schema cache may be stale: 404 {}, PGRST204/205, 42P01, 42703, 42804 ...
  stop,           // key, rights, schema: no batch of this run will fare better
};

struct Outcome {
  Verdict verdict = Verdict::in_doubt;
  Remedy remedy = Remedy::none;
  int status = 0;    // 0: no answer. rejected with 0: it never left, and never will (certificate)
  std::string code;  // SQLSTATE or PGRST...; empty when the answer had none
  std::string message;  // redacted, at most 4 KiB; never empty unless accepted
  std::string details;
  std::string hint;
  std::optional<long long> affected;
  std::optional<std::chrono::milliseconds> retry_after;
};

// `now` is for Retry-After dates.
Outcome classify(const HttpResult& result, std::chrono::system_clock::time_point now);

}  // namespace pgseed::rest
