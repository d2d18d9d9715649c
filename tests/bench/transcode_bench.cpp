// What the transcoder reaches on one core: dump in the page cache -> JSON bodies, for every
// dialect, and libpg_query's scanner over the same text beside it.
//
//   transcode_bench --dump=FILE [--benchmark_...]
//
// FILE: a dump of PostgreSQL INSERTs into one table. Times are CPU times.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#ifdef PGSEED_PG_QUERY
#include <pg_query.h>
#endif

#include "bench/dump_forms.hpp"
#include "pgseed/base/simd.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/columns.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "pgseed/sql/rows.hpp"

namespace {

using namespace pgseed;

constexpr std::size_t kBodyBytes = std::size_t{1} << 20;
constexpr int kRounds = 5;

seed::ColumnSet text_columns(const sql::Row& row, sql::Dialect dialect) {
  seed::ColumnSet set;
  for (std::size_t index = 0; index < row.values.size(); ++index) {
    set.columns.push_back("column_" + std::to_string(index));
    set.value_index.push_back(index);
    set.classes.push_back(seed::ColumnClass::text);
    set.types.emplace_back("text");
  }
  set.meaning.dialect = dialect;
  set.finish();
  return set;
}

// All that seeding does but the network: file -> window -> rows -> JSON bodies of 1 MiB.
std::uint64_t transcode(const std::string& path, sql::Dialect dialect) {
  seed::DumpInput input(path, "");
  sql::ReaderOptions options;
  options.dialect = dialect;
  sql::DumpReader reader(input, path, options);
  seed::ColumnSet set;
  json::Buffer body;
  std::vector<seed::RowMark> marks;
  std::uint64_t bytes = 0;
  for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
    if (piece != sql::Piece::row) continue;
    const sql::Row& row = reader.row();
    if (set.columns.empty()) set = text_columns(row, dialect);
    const std::size_t begin = body.size() + 1;
    if (!seed::append_row(set, row, body).empty()) std::abort();
    marks.push_back({begin, row.line, marks.size()});
    if (body.size() >= kBodyBytes) {
      bytes += body.size();
      body.clear();
      marks.clear();
    }
  }
  return bytes + body.size();
}

void count_bytes(benchmark::State& state, const std::string& path) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(std::filesystem::file_size(path)));
}

void run_transcode(benchmark::State& state, const std::string& path, sql::Dialect dialect) {
  for (auto _ : state) benchmark::DoNotOptimize(transcode(path, dialect));
  count_bytes(state, path);
}

void run_inspect(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    seed::DumpInput input(path, "");
    benchmark::DoNotOptimize(seed::survey(input, {}, {}).pieces);
  }
  count_bytes(state, path);
}

// What it costs to have the file's bytes at all.
void run_read(benchmark::State& state, const std::string& path) {
  std::vector<char> block(std::size_t{128} * 1024);
  for (auto _ : state) {
    seed::DumpInput input(path, "");
    while (input.read(block.data(), block.size()) > 0) benchmark::DoNotOptimize(block.data());
  }
  count_bytes(state, path);
}

#ifdef PGSEED_PG_QUERY
void run_pg_query(benchmark::State& state, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  const std::string sql = bytes.str();
  for (auto _ : state) {
    PgQuerySplitResult result = pg_query_split_with_scanner(sql.c_str());
    if (result.error != nullptr) state.SkipWithError(result.error->message);
    pg_query_free_split_result(result);
  }
  count_bytes(state, path);
}
#endif

// Passes on what the console shows, and keeps the medians.
class Medians final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto counter = run.counters.find("bytes_per_second");
      if (run.aggregate_name == "median" && counter != run.counters.end()) {
        bytes_per_second[run.run_name.function_name] = counter->second.value;
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }
  std::map<std::string, double> bytes_per_second;
};

void print_figure(const char* title, double goal, double measured, const char* unit) {
  std::printf("%-54s %6.1f%-5s %6.2f%-5s %s\n", title, goal, unit, measured, unit,
              measured >= goal ? "ok" : "missed");
}

std::string gigabytes(double bytes_per_second) {
  char shown[32];
  std::snprintf(shown, sizeof shown, "%.2f GB/s", bytes_per_second / 1e9);
  return shown;
}

void print_figures(const std::map<std::string, double>& medians) {
  struct Goal {
    const char* name;
    const char* title;
    double gigabytes;
  };
  const auto of = [&](const char* name) {
    const auto found = medians.find(name);
    return found == medians.end() ? 0.0 : found->second;
  };
  std::printf("\n%-54s %11s %11s\n", "one core, medians", "at least", "measured");
  for (const Goal& goal :
       {Goal{"insert", "PostgreSQL INSERT -> JSON bodies", 2.0},
        Goal{"copy", "COPY text -> JSON bodies", 2.0},
        Goal{"mysql", "MySQL with backslash escapes -> JSON bodies", 1.2},
        Goal{"inspect", "inspect of PostgreSQL's INSERTs", 4.0},
        Goal{"insert_scalar", "INSERT -> JSON bodies, plain instructions", 0.8}}) {
    if (of(goal.name) > 0) print_figure(goal.title, goal.gigabytes, of(goal.name) / 1e9, " GB/s");
  }
  const std::string others =
      text("others: SQLite -> JSON bodies ", gigabytes(of("sqlite")), ", INSERT with SSE2 ",
           gigabytes(of("insert_sse2")), ", read() alone ", gigabytes(of("read")), ", libpg_query ",
           gigabytes(of("pg_query")));
  if (of("pg_query") > 0 && of("insert") > 0) {
    print_figure("INSERT -> JSON bodies against libpg_query's scanner", 12,
                 of("insert") / of("pg_query"), "x");
  }
  std::printf("%s\n", others.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::string_view option = argc == 2 ? argv[1] : "";
  if (!option.starts_with("--dump=")) {
    std::fprintf(stderr, "usage: %s --dump=FILE [--benchmark_...]\n", argv[0]);
    return 2;
  }
  const std::string dump(option.substr(7));
  std::string folder = (std::filesystem::temp_directory_path() / "pgseed-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 1;
  }
  const bench::DumpForms forms = bench::write_forms(dump, folder);
  const auto add = [](const std::string& name, std::function<void(benchmark::State&)> run) {
    benchmark::RegisterBenchmark(name.c_str(), std::move(run))
        ->Unit(benchmark::kMillisecond)
        ->Repetitions(kRounds)
        ->ReportAggregatesOnly();
  };
  using sql::Dialect;
  add("insert", [&](auto& state) { run_transcode(state, forms.insert, Dialect::postgresql); });
  for (const simd::Level level : simd::levels()) {
    if (level == simd::level()) continue;
    add(std::string("insert_") + simd::name(level), [&, level](auto& state) {
      const simd::Level best = simd::level();
      simd::use(level);
      run_transcode(state, forms.insert, Dialect::postgresql);
      simd::use(best);
    });
  }
  add("copy", [&](auto& state) { run_transcode(state, forms.copy, Dialect::postgresql); });
  add("mysql", [&](auto& state) { run_transcode(state, forms.mysql, Dialect::mysql); });
  add("sqlite", [&](auto& state) { run_transcode(state, forms.sqlite, Dialect::sqlite); });
  add("inspect", [&](auto& state) { run_inspect(state, forms.insert); });
  add("read", [&](auto& state) { run_read(state, forms.insert); });
#ifdef PGSEED_PG_QUERY
  add("pg_query", [&](auto& state) { run_pg_query(state, forms.insert); });
#endif
  Medians reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  std::filesystem::remove_all(folder);
  print_figures(reporter.bytes_per_second);
  return 0;
}
