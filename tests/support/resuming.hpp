#pragma once
// Runs of pgseed that find each other's ledgers.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {

// COPY of the rows [from, to) into a table of id and v: 7, "v7".
inline std::string rows_of(const std::string& table, int from, int to) {
  std::string sql = text("COPY ", table, " (id, v) FROM stdin;\n");
  for (int id = from; id < to; ++id) sql += text(id, "\tv", id, '\n');
  return sql + "\\.\n";
}

// "rows different-ids"
inline std::string count_of(const std::string& table) {
  return shared_stack().sql("select count(*) || ' ' || count(distinct id) from " + table);
}

// Ten rows a request, one request at a time.
inline std::vector<std::string> in_tens(std::vector<std::string> args) {
  for (const char* const each : {"--batch-rows", "10", "--concurrency", "1"}) {
    args.emplace_back(each);
  }
  return args;
}

struct Work {
  TempDir folder;
  Environment environment = {{"PGSEED_STATE_DIR", folder / "state"}};

  std::string write(const std::string& content, const char* name = "dump.sql") const {
    return folder.write(name, content);
  }
  Seeded seed(std::vector<std::string> args, const std::string& piped = {}) const {
    Call call;
    call.environment = environment;
    call.stdin_text = piped;
    return test::seed(std::move(args), call);
  }
  Seeded seed_at(const std::string& url, std::vector<std::string> args) const {
    Call call;
    call.environment = environment;
    call.environment["SUPABASE_URL"] = url;
    return test::seed(std::move(args), call);
  }
  // A run that is killed between its last line in the ledger and its last word leaves just this.
  void was_killed_before_it_could_say_so() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder / "state")) {
      std::filesystem::path path = entry.path();
      if (path.extension() != ".done") continue;
      const std::filesystem::path done = path;
      std::filesystem::rename(done, path.replace_extension(".ledger"));
      return;
    }
    throw std::runtime_error("no run has come to its end");
  }
};

}  // namespace pgseed::test
