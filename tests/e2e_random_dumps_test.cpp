// Random dumps, loaded by the database that their dialect belongs to and by pgseed through
// PostgREST: both must hold the same values, except for what is refused for a reason in the lists
// below. PGSEED_RANDOM_DUMPS says how many of each dialect, PGSEED_LONG=1 makes them thousands. A
// failure names the seed of its dump, which PGSEED_TEST_SEED with PGSEED_RANDOM_DUMPS=1 makes
// again.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/http/client.hpp"
#include "pgseed/pg/catalog.hpp"
#include "pgseed/pg/session.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "support/dump_oracle.hpp"
#include "support/random_dump.hpp"
#include "support/random_text.hpp"
#include "support/seeding.hpp"
#include "support/text_input.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatch = 25;

std::size_t dumps_wanted() {
  if (const char* const set = std::getenv("PGSEED_RANDOM_DUMPS")) {
    return std::strtoull(set, nullptr, 10);
  }
  const char* const is_long = std::getenv("PGSEED_LONG");
  return is_long != nullptr && *is_long == '1' ? 2000 : 80;
}

// Part of a reason, why it is right, and how often it came.
struct Refusal {
  const char* reason;
  std::size_t count = 0;
};

class RandomDumps {
 public:
  RandomDumps(sql::Dialect dialect, std::vector<Refusal> refusals)
      : dialect_(dialect), refusals_(std::move(refusals)) {}

  void run() {
    oracle_ = make_oracle(dialect_);
    if (!oracle_) return;
    stack_.reset();
    stack_.sql("create schema " + in_quotes(kSecondSchema));
    stack_.postgrest.restart(Stack::kDatabase,
                             {{"db-schemas", std::string("public,") + kSecondSchema}});
    const std::uint64_t first = test_seed();
    const std::size_t wanted = dumps_wanted();
    for (std::size_t done = 0; done < wanted && failed_ < kMostFailed;) {
      const std::size_t count = std::min(kBatch, wanted - done);
      std::vector<RandomDump> dumps;
      for (std::size_t index = 0; index < count; ++index) {
        dumps.push_back(random_dump(dialect_, first + done + index));
      }
      batch(dumps);
      done += count;
    }
    report(wanted);
  }

 private:
  static constexpr std::size_t kMostFailed = 5;

  struct Case {
    const RandomDump* dump = nullptr;
    std::string path;
    seed::FileSurvey survey;
  };

  // --- telling what is wrong

  void fail(const RandomDump& dump, const std::string& what) {
    ++failed_;
    const fs::path kept =
        fs::temp_directory_path() / ("pgseed-random-" + std::string(sql::name(dialect_)) + "-" +
                                     std::to_string(dump.seed) + ".sql");
    std::ofstream(kept, std::ios::binary) << dump.text;
    std::ofstream(kept.string() + ".there") << dump.schema_there;
    std::ofstream(kept.string() + ".here") << dump.schema_here;
    ADD_FAIL_CHECK_AT(
        __FILE__, __LINE__,
        what << "\nthe dump is kept in " << kept.string() << " (its tables in .there and .here)"
             << "\nagain: PGSEED_TEST_SEED=" << dump.seed << " PGSEED_RANDOM_DUMPS=1");
  }

  void refused(const RandomDump& dump, const std::string& reason, std::uint64_t count = 1) {
    refused_rows_ += count;
    for (Refusal& known : refusals_) {
      if (!contains(reason, known.reason)) continue;
      known.count += count;
      return;
    }
    fail(dump, "refused for a reason that is not known: " + reason);
  }

  void report(std::size_t wanted) {
    std::string text = std::to_string(wanted) + " dumps, " + std::to_string(rows_) + " rows; " +
                       std::to_string(refused_dumps_) + " refused by the oracle";
    for (const Refusal& each : refusals_) {
      if (each.count > 0) text += "; " + std::to_string(each.count) + " rows: " + each.reason;
    }
    MESSAGE(std::string(sql::name(dialect_)) << ": " << text);
    // Neither a generator of broken dumps nor a reader that passes over them has proven anything.
    CHECK(refused_dumps_ * 20 <= wanted + 20);
    CHECK(refused_rows_ * 10 <= rows_ + 100);
  }

  // --- one batch

  void batch(const std::vector<RandomDump>& dumps) {
    const TempDir folder;
    oracle_->begin(dumps);
    make_target(dumps);
    pg::Session session(stack_.database_url());
    const Model order = pg::read_catalog(session, {"public", kSecondSchema});
    const Model types = read_api();
    std::vector<Case> cases;
    for (const RandomDump& dump : dumps) {
      const std::string path = folder.write(std::to_string(dump.seed) + ".sql", dump.text);
      if (const auto refusal = oracle_->load(dump, path)) {
        ++refused_dumps_;
        MESSAGE("the oracle refuses " << std::string(sql::name(dialect_)) << " " << dump.seed
                                      << ": " << *refusal);
        continue;
      }
      Case fresh;
      fresh.dump = &dump;
      fresh.path = path;
      if (read(fresh, {&types, &order})) cases.push_back(std::move(fresh));
    }
    if (!cases.empty()) load(cases, folder);
  }

  void make_target(const std::vector<RandomDump>& dumps) {
    std::string sql = "drop schema public cascade; drop schema " + in_quotes(kSecondSchema) +
                      " cascade; create schema public;\n";
    stack_.sql(sql);
    grant_api_rights(stack_.postgres, Stack::kDatabase);
    sql = kRandomDumpTypes;
    for (const RandomDump& dump : dumps) sql += dump.schema_here;
    const std::string second = in_quotes(kSecondSchema);
    sql += "grant usage on schema " + second +
           " to service_role; grant all on all tables in schema " + second + " to service_role;";
    stack_.sql(sql);
    stack_.postgrest.reload();
  }

  // The types as pgseed learns them.
  Model read_api() const {
    const auto transport = make_curl_transport({});
    rest::Connection connection =
        rest::connect(*transport, stack_.postgrest.url(), stack_.postgrest.service_key(), "public",
                      std::chrono::seconds(30));
    const auto second = rest::read_model(*transport, connection.endpoint, kSecondSchema);
    REQUIRE(second);
    Model model = connection.model;
    model.tables.insert(model.tables.end(), second->tables.begin(), second->tables.end());
    return model;
  }

  // What the first pass says of the dump, and the same pieces however its text is cut.
  bool read(Case& each, const seed::TargetKnowledge& known) {
    const RandomDump& dump = *each.dump;
    const sql::DialectGuess guess = sql::guess_dialect(dump.text.substr(0, 65536));
    // SQLite's without any of its own words are PostgreSQL's as well.
    const bool is_open = dialect_ == sql::Dialect::sqlite &&
                         guess.dialect == sql::Dialect::postgresql &&
                         !contains(dump.text, "PRAGMA ");
    if (!guess.mark.empty() && guess.dialect != dialect_ && !is_open) {
      fail(dump, std::string("taken for a dump of ") + sql::name(guess.dialect) + " because of " +
                     guess.mark);
    }
    sql::ReaderOptions reading;
    reading.dialect = dialect_;
    Random random(dump.seed);
    TextInput in_blocks(dump.text, 1 + random.below(200));
    if (joined(transcript(dump.text, reading)) != joined(transcript(in_blocks, reading))) {
      fail(dump, "other pieces when it is read in blocks");
    }
    seed::Options options;
    options.files = {each.path};
    options.dialect = sql::name(dialect_);
    try {
      seed::DumpInput input(each.path, "");
      each.survey = seed::survey(input, options, known);
    } catch (const Error& error) {
      fail(dump, "refused: " + error.where + ": " + error.message);
      return false;
    }
    for (const seed::UnsupportedUse& use : each.survey.unsupported) refused(dump, use.kind);
    return true;
  }

  void load(std::vector<Case>& cases, const TempDir& folder) {
    const std::string rejects = folder / "rejects.ndjson";
    std::vector<std::string> args = {"--skip-unsupported", "--max-rejects", "all",
                                     "--rejects",          rejects,         "--dialect",
                                     sql::name(dialect_)};
    for (const Case& each : cases) args.push_back(each.path);
    const Seeded seeded = seed(args);
    if (seeded.exit_code() > 1) {
      const auto at = std::find_if(cases.begin(), cases.end(), [&](const Case& each) {
        return seeded.where().starts_with(each.path);
      });
      const Case& guilty = at == cases.end() ? cases.front() : *at;
      fail(*guilty.dump,
           "pgseed: " + seeded.where() + ": " + seeded.error() + "\n" + seeded.hint());
      return;
    }
    // (schema, table) -> rows that the server or the encoder rejected
    std::map<std::pair<std::string, std::string>, std::size_t> rejected;
    if (fs::exists(rejects)) {
      std::istringstream lines(read_file(rejects));
      for (std::string line; std::getline(lines, line);) {
        const Json reject(line);
        ++rejected[{reject["schema"].text(), reject["table"].text()}];
        const auto at = std::find_if(cases.begin(), cases.end(), [&](const Case& each) {
          return each.path == reject["file"].text();
        });
        refused(*at->dump, reject["message"].text() + " (line " + reject["line"].text() + ", " +
                               reject["table"].text() + ")");
      }
    }
    for (Case& each : cases) compare(each, rejected);
  }

  void compare(Case& each, std::map<std::pair<std::string, std::string>, std::size_t>& rejected) {
    const RandomDump& dump = *each.dump;
    const std::vector<ShownRows> there = oracle_->show(dump);
    const std::vector<ShownRows> here = show_loaded(dump);
    REQUIRE(there.size() == dump.tables.size());
    REQUIRE(here.size() == dump.tables.size());
    for (std::size_t index = 0; index < dump.tables.size(); ++index) {
      const RandomTable& table = dump.tables[index];
      const std::string difference = compare_rows(table, there[index], here[index]);
      if (!difference.empty()) return fail(dump, table.name + ": " + difference);
      const seed::TableSurvey* const surveyed = each.survey.find({table.schema, table.name});
      const std::size_t excused = (surveyed == nullptr ? 0 : surveyed->unsupported_rows) +
                                  rejected[{table.schema, table.name}];
      rows_ += there[index].size();
      if (here[index].size() + excused != there[index].size()) {
        std::string missing;
        for (const auto& [key, values] : there[index]) {
          if (here[index].count(key) == 0) missing += " " + key;
        }
        return fail(dump, table.name + ": the rows" + missing + " are missing, and " +
                              std::to_string(excused) + " were refused");
      }
    }
  }

  static std::string compare_rows(const RandomTable& table, const ShownRows& there,
                                  const ShownRows& here) {
    for (const auto& [key, values] : here) {
      const auto theirs = there.find(key);
      if (theirs == there.end()) return "a row " + key + " that the oracle does not have";
      if (values.size() != theirs->second.size()) return "row " + key + ": other columns";
      for (std::size_t index = 0; index < values.size(); ++index) {
        const RandomColumn& column = table.columns[index + 1];
        const std::string& wanted = theirs->second[index];
        if (values[index] == wanted || (column.is_real && same_number(values[index], wanted))) {
          continue;
        }
        return "row " + key + ", " + column.name + ": [" + readable(values[index]) + "] for [" +
               readable(wanted) + "]";
      }
    }
    return {};
  }

  static bool same_number(const std::string& one, const std::string& other) {
    char* end = nullptr;
    char* other_end = nullptr;
    const double number = std::strtod(one.c_str(), &end);
    const double other_number = std::strtod(other.c_str(), &other_end);
    return *end == '\0' && *other_end == '\0' && number == other_number;
  }

  // Values come as hexadecimal digits where they are text.
  static std::string readable(const std::string& shown) {
    const bool digits = shown.size() % 2 == 0 &&
                        shown.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!digits) return shown;
    std::string out;
    for (std::size_t at = 0; at < shown.size(); at += 2) {
      out += static_cast<char>(std::stoi(shown.substr(at, 2), nullptr, 16));
    }
    return out + "] = [" + shown;
  }

  const sql::Dialect dialect_;
  std::vector<Refusal> refusals_;
  Stack& stack_ = shared_stack();
  std::unique_ptr<DumpOracle> oracle_;
  std::size_t failed_ = 0;
  std::size_t rows_ = 0;
  std::size_t refused_rows_ = 0;
  std::size_t refused_dumps_ = 0;
};

}  // namespace

TEST_CASE("random dumps: PostgreSQL's hold for pgseed what psql makes of them") {
  RandomDumps dumps(sql::Dialect::postgresql,
                    {
                        // PostgREST turns a raw null into SQL's.
                        {"the JSON value null"},
                        // It keeps no blanks around a raw value, which json does.
                        {"a json value with blanks around it"},
                        {"a string as json value with escapes that PostgREST spells otherwise"},
                        // What type a domain is the API does not tell.
                        {"a cast to docb in a column of type jsonb"},
                        {"a cast to short_text in a column of type character varying"},
                    });
  dumps.run();
}

TEST_CASE("random dumps: MySQL's hold for pgseed what MariaDB makes of them") {
  RandomDumps dumps(sql::Dialect::mysql,
                    {
                        // PostgreSQL has no such dates; --zero-dates null makes them NULL.
                        {"which PostgreSQL does not have (NULL with --zero-dates null)"},
                    });
  dumps.run();
}

TEST_CASE("random dumps: SQLite's hold for pgseed what sqlite3 makes of them") {
  RandomDumps dumps(sql::Dialect::sqlite, {
                                              // The fifteenth digit of a half, in a column of text.
                                              {"a double whose text depends on SQLite's version"},
                                          });
  dumps.run();
}

}  // namespace pgseed::test
