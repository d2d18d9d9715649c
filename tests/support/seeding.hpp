#pragma once
// The built pgseed as a child process against the shared stack, and its JSON summary.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/local_postgrest.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

// A JSON value, for looking into summaries. Throws std::runtime_error for what is not there.
class Json {
 public:
  explicit Json(std::string text);
  Json operator[](const std::string& name) const;
  Json operator[](std::size_t index) const;
  std::size_t size() const;  // of an array
  bool has(const std::string& name) const;
  bool is_null() const { return !value_; }
  const std::string& text() const;  // a string decoded, anything else as written
  std::int64_t number() const;

 private:
  explicit Json(std::optional<std::string> value) : value_(std::move(value)) {}
  std::optional<std::string> value_;
};

using Environment = std::map<std::string, std::optional<std::string>>;

// What pgseed is run with: nothing of the caller's environment but PATH and HOME, the shared
// stack's settings, an empty working directory.
struct Call {
  std::vector<std::string> args = {};
  Environment environment = {};  // over the stack's; nullopt: unset
  std::string stdin_text = {};
  std::string directory = {};
  Output out = Output::capture;
  Output err = Output::capture;
};
Command command(const Call& call);
Result pgseed(const Call& call);
Result pgseed(std::vector<std::string> args);

// One `pgseed --json seed`, its summary checked: the counts of each table add up, the totals are
// their sums, exit code and "ok" agree with the process.
struct Seeded {
  Result result;
  Json summary;
  int exit_code() const { return result.exit_code; }
  std::int64_t total(const std::string& name) const { return summary["totals"][name].number(); }
  // "read loaded ignored rejected skipped in_doubt", of a table or all.
  std::string counts(const std::string& table = {}) const;
  std::string error() const;  // its message; empty without one
  std::string where() const;
  std::string hint() const;
  std::string notes() const;  // a line each
};
Seeded seed(std::vector<std::string> args, Call call = {});
// The same for one dump given as text.
Seeded seed_text(const std::string& dump, std::vector<std::string> args = {}, Call call = {});

bool contains(const std::string& text, const std::string& part);

}  // namespace pgseed::test
