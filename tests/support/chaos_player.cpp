#include "support/chaos_player.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "pgseed/base/text.hpp"
#include "support/chaos_faults.hpp"
#include "support/chaos_work.hpp"
#include "support/packing.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

// Beyond every pause that retries and poolers make.
constexpr auto kLongestRun = 180s;

enum class Carrier { rest, atomic, direct };

// How the rows of a round go; random, but sensible.
struct Plan {
  explicit Plan(Random& random) {
    carrier = static_cast<Carrier>(random.below(4) % 3);
    constexpr const char* kModes[] = {"insert", "insert", "upsert", "ignore", "force"};
    mode = random.pick(kModes);
    is_rest = carrier == Carrier::rest;
    from_pipe = is_rest && mode != "force" && random.one_in(8);
    has_database = !is_rest || random.one_in(2);
    verifies = has_database && !from_pipe && random.one_in(4);
    through_gateway = carrier != Carrier::direct && random.one_in(5);
    through_pooler = has_database && random.one_in(2);
    is_packed = !from_pipe && random.one_in(8);
    limits = !from_pipe && random.one_in(6);
    repeats = !limits && random.one_in(2) && (mode == "upsert" || mode == "ignore");
    files = from_pipe || is_packed || random.one_in(2) ? 1 : 2;
    has_deadline = random.one_in(8);
  }

  std::vector<std::string> arguments(Random& random, const std::string& schema,
                                     const ChaosSelection& selection) const {
    std::vector<std::string> args = {"--json", "--schema", schema, "seed", "--mode", mode};
    const auto add = [&args](const char* name, std::size_t value) {
      args.insert(args.end(), {name, std::to_string(value)});
    };
    if (carrier != Carrier::direct) {
      add("--batch-rows", 3 + random.below(40));
      add("--concurrency", 1 + random.below(8));
    }
    add("--retries", 6);
    add("--timeout", 3);
    if (selection.limit) add("--limit", *selection.limit);
    if (selection.offset > 0) add("--offset", selection.offset);
    if (selection.closure) args.emplace_back("--closure");
    if (carrier == Carrier::atomic) args.emplace_back("--atomic");
    if (carrier == Carrier::direct) args.insert(args.end(), {"--via", "direct"});
    if (verifies) args.emplace_back("--verify");
    return args;
  }

  Carrier carrier = Carrier::rest;
  std::string mode;
  bool is_rest = true, from_pipe = false, has_database = false, verifies = false;
  bool through_gateway = false, through_pooler = false, is_packed = false, limits = false;
  bool repeats = false, has_deadline = false;
  std::size_t files = 1;
};

ChaosSelection selection_of(Random& random, const Plan& plan, const ChaosWork& work) {
  ChaosSelection selection;
  if (!plan.limits) return selection;
  // The direct load does not compare what a closure has taken.
  if (plan.carrier == Carrier::direct && plan.verifies && work.has_parents()) return selection;
  const std::size_t rows = work.tables().front().rows.size();
  selection.limit = 1 + random.below(rows);
  selection.closure = work.has_parents();
  if (!selection.closure && random.one_in(2)) selection.offset = random.below(rows / 2 + 1);
  return selection;
}

// What a round is played with.
class Round {
 public:
  Round(std::uint64_t seed, ChaosServers& servers, const std::string& schema, ChaosSums& sums,
        const LocalNginx* gateway, int behind_gateway)
      : seed_(seed),
        servers_(servers),
        schema_(schema),
        sums_(sums),
        random_(seed),
        plan_(random_),
        work_(random_, plan_.mode, !plan_.is_rest, plan_.repeats),
        gateway_(plan_.through_gateway ? gateway : nullptr),
        http_random_(seed * 7 + 1),
        stream_random_(seed * 7 + 2),
        http_(
            servers.api_port(),
            [this](const ProxyRequest& request) {
              return faulty_ ? random_fault(http_random_, request) : Fault{};
            },
            gateway_ != nullptr ? behind_gateway : 0),
        stream_(plan_.through_pooler && servers.pooler_port() ? *servers.pooler_port()
                                                              : servers.database_port(),
                [this](std::uint64_t) {
                  if (!faulty_ || (plan_.is_rest && !stream_random_.one_in(3))) {
                    return StreamFault{};
                  }
                  return random_stream_fault(stream_random_, plan_.has_deadline);
                }) {
    stream_.on_commit = [this] {
      if (victim_ == 0 || --commits_until_kill_ > 0) return;
      kill(victim_.exchange(0), SIGKILL);
      ++sums_.kills;
    };
  }

  std::string play();

 private:
  // How a run ended, as far as the next one is concerned.
  enum class End { done, again, in_doubt };

  void write_files();
  Command command_for(bool only_if_changed, bool insists) const;
  std::string until_done(bool only_if_changed);
  void disturb(Random& random, Process& process, bool only_if_changed);
  void play_rival(Process& process);
  std::string judge_rival(const Result& first, End& end);
  std::string judge(const Result& result, End& end);
  std::string compare_doubtful() const;
  std::string behind_sequence() const;
  std::string run_without_need();
  std::vector<ChaosContents> contents() const;
  std::string differences(const std::vector<ChaosContents>& there,
                          const std::vector<ChaosContents>& wanted) const;
  std::uint64_t refusals_of_gateway() const;

  std::uint64_t seed_;
  ChaosServers& servers_;
  std::string schema_;
  ChaosSums& sums_;
  Random random_;
  Plan plan_;
  ChaosWork work_;
  const LocalNginx* gateway_;
  Random http_random_, stream_random_;
  std::atomic<bool> faulty_{true};
  // The run that dies when the server has carried out the last of so many COMMITs.
  std::atomic<pid_t> victim_{0};
  std::atomic<std::size_t> commits_until_kill_{0};
  // One of each for all runs: the target's URL belongs to what makes them the same work.
  FaultProxy http_;
  TcpProxy stream_;
  TempDir folder_;
  std::vector<std::string> files_, args_;
  std::string piped_;
  int signal_sent_ = 0;
  std::int64_t in_doubt_ = 0;
  std::string log_;
  std::optional<Result> rival_;
  bool rival_met_it_ = false;
};

void Round::write_files() {
  std::vector<std::string> texts = work_.dump(random_, plan_.files, plan_.from_pipe);
  files_.clear();
  if (plan_.from_pipe) {
    piped_ = texts.front();
    files_.emplace_back("-");
    return;
  }
  for (std::size_t number = 0; number < texts.size(); ++number) {
    const std::string packed = plan_.is_packed ? packed_by("gzip", texts[number]) : std::string();
    files_.push_back(
        folder_.write(text("dump", number, ".sql"), packed.empty() ? texts[number] : packed));
  }
}

Command Round::command_for(bool only_if_changed, bool insists) const {
  Command command;
  command.argv = {PGSEED_BINARY};
  command.argv.insert(command.argv.end(), args_.begin(), args_.end());
  if (only_if_changed) command.argv.emplace_back("--if-changed");
  if (insists) command.argv.emplace_back("--resume");
  // Silence is for faults: without them the run may take its time.
  if (plan_.has_deadline && faulty_) command.argv.insert(command.argv.end(), {"--deadline", "4"});
  command.argv.insert(command.argv.end(), files_.begin(), files_.end());
  command.clean_environment = true;
  command.environment = {{"SUPABASE_URL", gateway_ != nullptr ? gateway_->url() : http_.url()},
                         {"SUPABASE_SECRET_KEY", servers_.key()},
                         {"PGSEED_STATE_DIR", folder_ / "state"}};
  if (gateway_ != nullptr) command.environment["SSL_CERT_FILE"] = gateway_->authority();
  if (plan_.has_database) {
    command.environment["DATABASE_URL"] =
        text("postgresql://postgres@127.0.0.1:", stream_.port(), "/chaos");
  }
  command.stdin_text = piped_;
  command.directory = folder_.path().string();
  return command;
}

std::vector<ChaosContents> Round::contents() const {
  std::vector<ChaosContents> all;
  for (const ChaosTable& table : work_.tables()) {
    ChaosContents& contents = all.emplace_back();
    for (auto& row : servers_.query(ChaosWork::query(schema_, table))) {
      const int key = std::stoi(row.front().value_or("0"));
      row.erase(row.begin());
      contents.emplace(key, std::move(row));
    }
  }
  return all;
}

std::string Round::differences(const std::vector<ChaosContents>& there,
                               const std::vector<ChaosContents>& wanted) const {
  std::string all;
  for (std::size_t table = 0; table < wanted.size(); ++table) {
    const std::string differs = difference(there[table], wanted[table]);
    if (!differs.empty()) all += text(work_.tables()[table].name, ": ", differs);
  }
  return all;
}

std::uint64_t Round::refusals_of_gateway() const {
  if (gateway_ == nullptr) return 0;
  const std::string log = gateway_->access_log();
  std::uint64_t count = 0;
  for (auto at = log.find(" 429\n"); at != std::string::npos; at = log.find(" 429\n", at + 1)) {
    ++count;
  }
  return count;
}

// A second run of the work, while the first one is at it: it must be turned away.
void Round::play_rival(Process& process) {
  const std::uint64_t writes = http_.writes();
  while (process.running() && http_.writes() == writes) std::this_thread::sleep_for(1ms);
  if (!process.running()) return;
  ++sums_.rivals;
  Process rival(command_for(false, true));
  rival_ = rival.wait(kLongestRun);
  rival_met_it_ = process.running();
  if (!rival_) return;
  log_ += text("a second run: exit ", rival_->exit_code, '\n', rival_->err.substr(0, 2000));
}

// What the second run did, where there was one; it may have done the work if the first was gone.
std::string Round::judge_rival(const Result& first, End& end) {
  if (!rival_ || rival_->exit_code == 7) return {};
  const bool was_late = rival_->exit_code == 2 && first.exit_code == 0;
  if (rival_met_it_ && !was_late) return "the second run was not turned away";
  if (end != End::again || rival_->exit_code == 2) return {};
  return judge(*rival_, end);
}

// Does something to the run, or to what it depends on.
void Round::disturb(Random& random, Process& process, bool only_if_changed) {
  // False when the run ends before it.
  const auto moment_comes = [&] {
    process.wait(std::chrono::milliseconds(random.below(std::size_t{30} << random.below(5))));
    return process.running();
  };
  const std::size_t what = random.below(12);
  if (what < 5) {
    if (!moment_comes()) return;
    ++sums_.kills;
    return process.send(SIGKILL);
  }
  if (what == 5 || what == 6) {  // once: what is on its way is waited for; twice: nothing is
    if (!moment_comes()) return;
    signal_sent_ = random.one_in(2) ? SIGINT : SIGTERM;
    ++sums_.signals;
    process.send(signal_sent_);
    if (what == 5) return;
    process.wait(std::chrono::milliseconds(random.below(50)));
    process.send(signal_sent_);
    return;
  }
  if (what == 7) {
    if (!moment_comes()) return;
    ++sums_.servers;
    return servers_.hurt(random);
  }
  if (what == 8 && plan_.is_rest && !plan_.from_pipe && !only_if_changed) play_rival(process);
}

// What a run's end may be, and what the tables may hold then.
std::string Round::judge(const Result& result, End& end) {
  end = End::again;
  const bool is_whole = !plan_.is_rest;
  if (result.signal != 0 && result.signal != SIGKILL && result.signal != signal_sent_) {
    return text("pgseed was ended by signal ", result.signal);
  }
  if (result.signal == 0) {
    const int code = result.exit_code;
    if (!result.out.empty() && Json(result.out).has("totals")) {
      in_doubt_ = Json(result.out)["totals"]["rows_in_doubt"].number();
    }
    if (code == 0) {
      end = End::done;
      const std::string differs = differences(contents(), work_.wanted());
      return differs.empty() && is_whole ? behind_sequence() : differs;
    }
    const bool tells = code == 1 || (code == 6 && plan_.verifies);
    if (tells && plan_.is_rest && !work_.keyed() && in_doubt_ > 0) {
      end = End::in_doubt;
      return {};
    }
    const bool was_stopped = signal_sent_ != 0 && code == 128 + signal_sent_;
    // The server may not have noticed yet that a killed run is gone.
    const bool is_locked = code == 7 && is_whole;
    if (code != 4 && !was_stopped && !is_locked) return text("an exit code of ", code);
  }
  // Whatever stopped it: all or nothing.
  if (!is_whole) return {};
  const auto there = contents();
  if (differences(there, work_.before()).empty() || differences(there, work_.wanted()).empty()) {
    return {};
  }
  return "half done:\n" + differences(there, work_.before());
}

// Ids that came with the rows leave no sequence behind them.
std::string Round::behind_sequence() const {
  if (work_.tables().front().name != "numbered") return {};
  const auto found = servers_.query(text(
      "select nextval('", schema_, ".numbered_id_seq') > max(id)", " from ", schema_, ".numbered"));
  return found.front().front() == "t" ? "" : "the sequence is behind its ids";
}

// Without a key and without --atomic doubt is an answer: nothing twice, and what is missing was
// told.
std::string Round::compare_doubtful() const {
  const ChaosContents there = contents().front(), wanted = work_.wanted().front();
  std::multimap<int, std::vector<std::optional<std::string>>> missing = wanted;
  for (const auto& row : there) {
    const auto [first, last] = missing.equal_range(row.first);
    const auto found =
        std::find_if(first, last, [&](const auto& each) { return each.second == row.second; });
    if (found == last) return text("too much:\n", difference(there, wanted));
    missing.erase(found);
  }
  if (missing.size() <= static_cast<std::size_t>(in_doubt_)) return {};
  return text(missing.size(), " rows are missing, ", in_doubt_, " were told:\n",
              difference(there, wanted));
}

std::string Round::until_done(bool only_if_changed) {
  constexpr int kMostRuns = 16;
  constexpr int kLastWithFaults = 6;
  for (int attempt = 0; attempt < kMostRuns; ++attempt) {
    faulty_ = attempt < kLastWithFaults;
    stream_.heal();
    // The proxies' scripts run in their threads; what is decided here needs choices of its own.
    Random here(seed_ * 31 + static_cast<std::uint64_t>(attempt) + (only_if_changed ? 16 : 0));
    Process process(command_for(only_if_changed, false));
    ++sums_.runs;
    signal_sent_ = 0;
    rival_.reset();
    const bool at_commit = faulty_ && !plan_.is_rest && here.one_in(6);
    commits_until_kill_ = 1 + here.below(3);
    if (at_commit) victim_ = process.pid();
    if (faulty_ && !at_commit) disturb(here, process, only_if_changed);
    const auto result = process.wait(kLongestRun);
    victim_ = 0;
    if (!result) return "pgseed hangs:\n" + process.err();
    log_ += text("run ", attempt, ": exit ", result->exit_code, " signal ", result->signal, '\n',
                 result->err.substr(0, 3000));
    End end = End::again;
    std::string wrong = judge(*result, end);
    if (wrong.empty()) wrong = judge_rival(*result, end);
    if (!wrong.empty()) return wrong;
    if (end == End::done) return {};
    if (!faulty_) std::this_thread::sleep_for(500ms);  // servers come back
    if (end == End::in_doubt) {
      ++sums_.doubts;
      return compare_doubtful();
    }
  }
  return "not done after all";
}

// What is loaded and has not changed is not sent again; but to compare it, not even a connection is
// made.
std::string Round::run_without_need() {
  constexpr int kTries = 20;
  for (int tries = 1;; ++tries) {
    const std::uint64_t before = http_.connections() + stream_.connections();
    Process process(command_for(true, false));
    const auto result = process.wait(kLongestRun);
    if (!result) return "--if-changed hangs";
    log_ += text("unchanged: exit ", result->exit_code, '\n', result->err.substr(0, 2000));
    // Other rounds restart the servers, which the comparison needs.
    if (plan_.verifies && result->exit_code == 4 && tries < kTries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      continue;
    }
    if (result->exit_code != 0) return "--if-changed fails";
    if (Json(result->out)["up_to_date"].text() != "true") return "--if-changed loads it again";
    if (!plan_.verifies && http_.connections() + stream_.connections() != before)
      return "--if-changed makes a connection";
    return differences(contents(), work_.wanted());
  }
}

std::string Round::play() {
  ++sums_.rounds;
  sums_.rows += work_.row_count();
  servers_.run(work_.reset(schema_));
  const std::uint64_t refused_before = refusals_of_gateway();
  work_.selection = selection_of(random_, plan_, work_);
  args_ = plan_.arguments(random_, schema_, work_.selection);
  write_files();
  std::string wrong = until_done(false);
  const bool is_done = wrong.empty() && (in_doubt_ == 0 || work_.keyed());
  const bool keeps_record = plan_.carrier != Carrier::direct && !plan_.from_pipe;
  if (is_done && keeps_record && random_.one_in(3)) {
    faulty_ = false;
    wrong = run_without_need();
    if (wrong.empty() && plan_.mode == "upsert" && plan_.is_rest && !plan_.limits) {
      work_.change(random_);
      write_files();
      wrong = until_done(true);
      faulty_ = false;
      if (wrong.empty()) wrong = run_without_need();
    }
  }
  sums_.requests += http_.faults();
  sums_.connections += stream_.faults();
  sums_.refused += refusals_of_gateway() - refused_before;
  if (wrong.empty()) return {};
  std::string all = text("PGSEED_TEST_SEED=", seed_, " PGSEED_CHAOS_ROUNDS=1\n");
  for (const std::string& arg : command_for(false, false).argv) all += arg + ' ';
  all += text("\ninto ", work_.tables().back().name, gateway_ != nullptr ? ", through nginx" : "",
              plan_.through_pooler ? ", through PgBouncer" : "", '\n', wrong, '\n', log_);
  return all;
}

}  // namespace

std::string ChaosSums::text() const {
  return pgseed::text(rounds.load(), " rounds, ", rows.load(), " rows, ", runs.load(), " runs, ",
                      faults(), " faults: ", requests.load(), " of requests, ", connections.load(),
                      " of database connections, ", kills.load(), " kills of pgseed, ",
                      signals.load(), " signals, ", rivals.load(), " second runs, ", refused.load(),
                      " refusals of the gateway, ", servers.load(), " of the servers; ",
                      doubts.load(), " rounds ended in doubt");
}

ChaosPlayer::ChaosPlayer(ChaosServers& servers, std::size_t number, ChaosSums& sums)
    : servers_(servers), number_(number), sums_(sums), behind_gateway_(free_port()) {
  if (!LocalNginx::is_installed()) return;
  LocalNginx::Setup setup;
  setup.server_port = behind_gateway_;
  setup.tls = true;
  setup.http = "limit_req_zone $binary_remote_addr zone=all:1m rate=150r/s;\nkeepalive_requests 7;";
  setup.location = "limit_req zone=all burst=15 nodelay;\nlimit_req_status 429;";
  gateway_ = std::make_unique<LocalNginx>(setup);
}

std::string ChaosPlayer::play(std::uint64_t seed) {
  const std::size_t schema = number_ * kSchemas + rounds_++ % kSchemas;
  Round round(seed, servers_, ChaosServers::schema(schema), sums_, gateway_.get(), behind_gateway_);
  return round.play();
}

}  // namespace pgseed::test
