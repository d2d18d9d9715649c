#include "support/chaos_servers.hpp"

#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/session.hpp"
#include "support/chaos_work.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDatabase = "chaos";

// PostgREST's list of schemas.
std::string all_schemas(std::size_t count) {
  std::string list;
  for (std::size_t number = 0; number < count; ++number) {
    list += (number == 0 ? "" : ",") + ChaosServers::schema(number);
  }
  return list;
}

const LocalPostgres& with_tables(const LocalPostgres& postgres, std::size_t schemas) {
  create_api_roles(postgres);
  postgres.create_database(kDatabase);
  for (std::size_t number = 0; number < schemas; ++number) {
    postgres.sql(chaos_schema(ChaosServers::schema(number)), kDatabase);
  }
  return postgres;
}

// While servers come and go.
template <class Work>
auto until_it_works(const Work& work) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  for (;;) {
    try {
      return work();
    } catch (const Error& error) {
      const bool passes = error.kind == ErrorKind::unreachable ||
                          (dynamic_cast<const pg::SqlError*>(&error) != nullptr &&
                           dynamic_cast<const pg::SqlError&>(error).sqlstate.starts_with("57"));
      if (!passes || std::chrono::steady_clock::now() >= end) throw;
    }
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace

ChaosServers::ChaosServers(std::size_t schemas)
    : api_(with_tables(postgres_, schemas), kDatabase,
           {{"db-schemas", all_schemas(schemas)}, {"db-pool", "16"}}) {
  if (LocalPgbouncer::is_installed()) pooler_ = std::make_unique<LocalPgbouncer>(postgres_, 8);
}

std::optional<int> ChaosServers::pooler_port() const {
  if (!pooler_) return {};
  return pooler_->port();
}

void ChaosServers::run(const std::string& sql) const {
  until_it_works([&] { return pg::Session(postgres_.url(kDatabase)).execute(sql); });
}

std::vector<std::vector<std::optional<std::string>>> ChaosServers::query(
    const std::string& sql) const {
  return until_it_works([&] { return pg::Session(postgres_.url(kDatabase)).query(sql); });
}

// A program that the system does not let run for a while.
void ChaosServers::stall(pid_t pid) {
  kill(pid, SIGSTOP);
  std::this_thread::sleep_for(200ms);
  kill(pid, SIGCONT);
}

void ChaosServers::hurt_now(std::size_t what) {
  switch (what) {
    case 0:
    case 1:
      api_.stop(SIGKILL);
      return api_.start();
    case 2:
      api_.stop(SIGTERM);
      return api_.start();
    case 3:
      return stall(api_.pid());
    case 4:  // it reads the schema again
      kill(api_.pid(), SIGUSR1);
      return;
    case 5:
      if (!pooler_) return;
      pooler_->stop(SIGKILL);
      return pooler_->start();
    case 6:
      postgres_.restart(LocalPostgres::Stop::immediate);
      return;
    case 7:
      postgres_.restart(LocalPostgres::Stop::kill);
      return;
    default:
      run("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'chaos' "
          "and pid <> pg_backend_pid() and random() < 0.7");
  }
}

void ChaosServers::hurt(Random& random) {
  const std::size_t what = random.below(12);
  std::packaged_task<void()> job([this, what] { hurt_now(what); });
  std::future<void> done = job.get_future();
  {
    const std::lock_guard lock(mutex_);
    jobs_.push(std::move(job));
  }
  ++hurts_;
  done.get();
}

void ChaosServers::serve(const std::function<bool()>& until) {
  while (!until()) {
    std::packaged_task<void()> job;
    {
      const std::lock_guard lock(mutex_);
      if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop();
      }
    }
    if (job.valid()) {
      job();
    } else {
      std::this_thread::sleep_for(2ms);
    }
  }
}

}  // namespace pgseed::test
