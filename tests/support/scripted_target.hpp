#pragma once
// A PostgREST and its table in a page: a Transport whose answers are scripted and whose time passes
// only in wait(). Requests without a script are carried out on the table, as one transaction each.
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/seed/encode/batch.hpp"

namespace pgseed::test {

// What happens to one request.
struct Fate {
  enum class Kind {
    carry_out,    // and answer
    answer,       // `result` instead; nothing is stored
    not_sent,     // no connection
    lost_before,  // no answer, nothing stored
    lost_after,   // stored, no answer
    late,         // no answer; carried out `later`
    silence,      // nothing, ever
    miscount,     // carried out, but the answer says `count` rows
    throws,       // the transport itself fails
  };
  Kind kind = Kind::carry_out;
  HttpResult result = {};
  std::chrono::milliseconds later{0};
  std::string count = {};  // of Content-Range, after the slash
};
// An error as PostgREST words it.
Fate refusal(int status, const std::string& code, const std::string& message = "no",
             const std::string& retry_after = "");
Fate fate(Fate::Kind kind);

class ScriptedTarget final : public Transport {
 public:
  using Clock = std::chrono::steady_clock;

  // The table: rows of (id, v).
  struct Row {
    std::string id, v;
  };
  std::vector<Row> rows;
  bool unique = true;                        // id is a key
  bool changes_keys = false;                 // a trigger gives every row an id of its own
  bool hides = false;                        // a policy shows no row
  bool merges = false, ignores = false;      // the resolution of every write
  std::function<bool(const Row&)> is_bad;    // refused by a check constraint (23514)
  std::function<bool(const Row&)> is_slow;   // alone too slow (57014)
  std::size_t most_rows = SIZE_MAX;          // more in a statement: 57014
  std::chrono::milliseconds answer_time{5};  // of requests without a script

  // The fates of the next writes and questions, first in, first out; then fate_of_*, then plain.
  std::deque<Fate> writes, questions;
  std::function<std::optional<Fate>(const HttpRequest&)> fate_of_write, fate_of_question;

  // What was asked.
  struct Seen {
    HttpRequest request;
    std::string body;
    Clock::time_point at;
    std::size_t others_in_flight = 0;
  };
  std::vector<Seen> seen;
  std::vector<std::string> ids_of(std::size_t seen_index) const;
  std::size_t writes_seen() const;

  Clock::time_point now() const { return now_; }
  std::size_t count_of(const std::string& id) const;
  const Row* find(const std::string& id) const;
  // Carries out what is late still.
  void settle();

  void start(std::uint64_t id, const HttpRequest& request) override;
  std::vector<HttpCompletion> wait(std::chrono::milliseconds longest) override;
  std::size_t in_flight() const override { return answers_.size() + silent_; }
  void abort_all() override;

  std::uint64_t waits = 0;  // a test that turns for ever ends here
  std::uint64_t most_waits = 200'000;

 private:
  std::uint64_t next_key_ = 1'000'000;
  struct Answer {
    Clock::time_point at;
    std::uint64_t id;
    std::function<HttpResult()> make;
  };
  HttpResult carry_out(const std::string& body, const std::string& count);
  HttpResult try_out(const std::string& body);
  HttpResult tell(const HttpRequest& request) const;

  Clock::time_point now_{std::chrono::hours(1000)};
  std::vector<Answer> answers_;
  struct Late {
    Clock::time_point at;
    std::string body;
  };
  std::vector<Late> late_;
  std::size_t silent_ = 0;
};

// A column set for the table above: id (integer, the key unless keyless) and v (text).
std::unique_ptr<seed::ColumnSet> two_columns(bool keyless = false, std::size_t table = 0);
// A closed batch of rows (id, "v" + id), from line 10 * id on.
std::unique_ptr<seed::Batch> batch_of(const seed::ColumnSet& set, const std::vector<int>& ids,
                                      std::uint64_t group, std::uint64_t sequence);

}  // namespace pgseed::test
