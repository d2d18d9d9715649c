#include "pgseed/seed/verify/rest_reads.hpp"

#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/rest/api.hpp"

namespace pgseed::seed {

using std::chrono::milliseconds;

RestReads::RestReads(Transport& transport, const RetryPolicy& policy)
    : transport_(transport), policy_(policy), random_(std::random_device{}()) {}

RestReads::~RestReads() {
  transport_.abort_all();
}

std::uint64_t RestReads::start(HttpRequest request) {
  const std::uint64_t id = next_++;
  const HttpRequest& kept = asked_.emplace(id, std::move(request)).first->second;
  transport_.start(id, kept);
  return id;
}

HttpResult RestReads::wait_for(std::uint64_t id) {
  for (;;) {
    if (const auto found = answered_.find(id); found != answered_.end()) {
      HttpResult result = std::move(found->second);
      answered_.erase(found);
      return result;
    }
    for (HttpCompletion& completion : transport_.wait(milliseconds(200))) {
      answered_[completion.id] = std::move(completion.result);
    }
    if (interrupt::signal_number() != 0) throw Interrupted{};
  }
}

Reading RestReads::take(std::uint64_t id) {
  for (int tries = 1;; ++tries) {
    HttpResult result = wait_for(id);
    Reading reading;
    reading.outcome = rest::classify(result, std::chrono::system_clock::now());
    const bool passes = reading.outcome.verdict == rest::Verdict::retry ||
                        reading.outcome.verdict == rest::Verdict::in_doubt;
    if (!passes) {
      reading.total = rest::total_of(result.content_range);
      reading.is_cut = result.body.size() >= asked_[id].max_response_bytes;
      reading.body = std::move(result.body);
      asked_.erase(id);
      return reading;
    }
    const auto delay =
        retry_delay(policy_, tries, reading.outcome.retry_after, interrupt::time_left(), random_());
    if (!delay || result.permanent) {
      throw Error(ErrorKind::unreachable,
                  text("the target gave no usable answer in ", tries,
                       tries == 1 ? " try: " : " tries: ", reading.outcome.message),
                  "", "see whether PostgREST and PostgreSQL are up, then run again");
    }
    interrupt::pause(*delay);
    transport_.start(id, asked_[id]);
  }
}

std::vector<PrintedRow> rows_of(const Reading& reading, std::size_t columns) {
  const auto no_rows = [] {
    return Error(ErrorKind::refused, "the API's answer is no list of rows", "",
                 "see what stands between pgseed and PostgREST");
  };
  const auto objects = json::try_read_array(reading.body);
  if (!objects) throw no_rows();
  std::vector<PrintedRow> rows;
  rows.reserve(objects->size());
  for (const json::Member& object : *objects) {
    auto members =
        object.value && !object.was_string ? json::try_read_object(*object.value) : std::nullopt;
    if (!members || members->size() != columns) throw no_rows();
    PrintedRow& row = rows.emplace_back();
    for (json::Member& member : *members) row.push_back(std::move(member.value));
  }
  return rows;
}

}  // namespace pgseed::seed
