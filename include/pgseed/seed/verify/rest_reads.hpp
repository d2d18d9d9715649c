#pragma once
// GET requests, several at a time, each answered for good: what passes is waited for and asked
// again.
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/outcome.hpp"

namespace pgseed::seed {

// The rows of an answer, of the columns that were asked for, as texts; nullopt is NULL.
using PrintedRow = std::vector<std::optional<std::string>>;

struct Reading {
  rest::Outcome outcome;  // accepted or rejected
  std::string body;
  bool is_cut = false;             // the body was longer than what is kept
  std::optional<long long> total;  // rows that the question finds
};

class RestReads {
 public:
  // The transport must outlive it; nobody else uses it meanwhile.
  RestReads(Transport& transport, const RetryPolicy& policy);
  ~RestReads();
  RestReads(const RestReads&) = delete;
  RestReads& operator=(const RestReads&) = delete;

  // Begins to ask; take() has the answer.
  std::uint64_t start(HttpRequest request);
  // Waits for it. Throws Error{unreachable} when the retries are used up, Interrupted.
  Reading take(std::uint64_t id);
  Reading ask(HttpRequest request) { return take(start(std::move(request))); }

  std::uint64_t requests() const { return next_ - 1; }

 private:
  HttpResult wait_for(std::uint64_t id);

  Transport& transport_;
  RetryPolicy policy_;
  std::mt19937_64 random_;
  std::map<std::uint64_t, HttpRequest> asked_;
  std::map<std::uint64_t, HttpResult> answered_;
  std::uint64_t next_ = 1;
};

// The rows of a reading that was accepted. Throws Error{refused} for what is no list of rows with
// so many columns.
std::vector<PrintedRow> rows_of(const Reading& reading, std::size_t columns);

}  // namespace pgseed::seed
