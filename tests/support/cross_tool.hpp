#pragma once
// pgseed and Debian's alembic taking turns on one database.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/pg/session.hpp"
#include "support/alembic_project.hpp"
#include "support/local_postgres.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

// One server for all tests of the matrix.
inline const LocalPostgres& cross_server() {
  static const LocalPostgres server;
  return server;
}

using Words = std::vector<std::string>;

// The real Alembic, without its 0.3 s of imports for each command.
class AlembicCommands {
 public:
  AlembicCommands() {
    const std::string fifo = folder_ / "requests";
    if (mkfifo(fifo.c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
    process_ = std::make_unique<Process>(Command{
        .argv = {"/usr/bin/python3", PGSEED_SOURCE_DIR "/tests/support/alembic_commands.py", fifo},
        .environment = {{"PYTHONDONTWRITEBYTECODE", "1"}, {"PGPASSWORD", std::nullopt}},
        .clean_environment = true});
    requests_.open(fifo, std::ios::in | std::ios::out);  // both: opening waits for no reader
    const std::string program = folder_.write(
        "bin/alembic", "#!/bin/sh\nplace=$(mktemp -d '" + folder_.path().string() +
                           "/XXXXXXXX')\n{\n  pwd\n  printf '%s\\n' \"$DATABASE_URL\" "
                           "\"$PGPASSWORD\" \"$@\"\n} > \"$place/request\"\necho \"$place\" > '" +
                           fifo + "'\nuntil [ -e \"$place/done\" ]; do\n  [ -p '" + fifo +
                           "' ] || exit 70\n  sleep 0.01\ndone\ncat \"$place/out\"\n"
                           "cat \"$place/err\" >&2\nexit \"$(cat \"$place/done\")\"\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }

  // PATH with an `alembic` in it that is this one.
  std::string path() const { return folder_ / "bin" + ':' + std::getenv("PATH"); }

  Result run(const std::string& directory, const std::string& url, const Words& words) {
    const std::string name = std::to_string(++count_) + '/';
    std::string lines = directory + '\n' + url + '\n';
    for (const std::string& word : words) lines += '\n' + word;
    folder_.write(name + "request", lines + '\n');
    requests_ << folder_ / name << std::endl;
    const std::string done = folder_ / (name + "done");
    const bool answered =
        wait_until([&] { return std::filesystem::exists(done); }, std::chrono::seconds(60));
    if (!answered) throw std::runtime_error("alembic does not answer: " + process_->err());
    Result result;
    result.exit_code = std::stoi(read_file(done));
    result.out = read_file(folder_ / (name + "out"));
    result.err = read_file(folder_ / (name + "err"));
    return result;
  }

 private:
  TempDir folder_;
  std::unique_ptr<Process> process_;
  std::fstream requests_;
  int count_ = 0;
};

inline AlembicCommands& alembic_commands() {
  static AlembicCommands commands;
  return commands;
}

// The PATH on which `alembic` is the installed one.
inline std::pair<const std::string, std::optional<std::string>> installed_alembic() {
  return {"PATH", std::getenv("PATH")};
}

// pgseed in a project's folder; nothing of the caller's environment.
inline Result run_pgseed(const std::string& directory, const std::string& url, Words words,
                         std::map<std::string, std::optional<std::string>> environment = {}) {
  words.insert(words.begin(), {PGSEED_BINARY, "migrate"});
  environment.emplace("DATABASE_URL", url);
  environment.emplace("PYTHONDONTWRITEBYTECODE", "1");
  environment.emplace("PATH", alembic_commands().path());
  return run({.argv = std::move(words),
              .environment = std::move(environment),
              .clean_environment = true,
              .directory = directory});
}

// tests/alembic, where tests may write.
class AlembicCopy {
 public:
  AlembicCopy() {
    std::filesystem::copy(PGSEED_SOURCE_DIR "/tests/alembic", folder_.path(),
                          std::filesystem::copy_options::recursive);
  }
  std::string operator/(const std::string& name) const { return folder_ / name; }

 private:
  TempDir folder_;
};

inline std::string must(const Result& result) {
  INFO(result.out);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return result.out;
}

// One database, and a project as both tools have it.
class BothTools {
 public:
  // The folders are where each tool is run.
  BothTools(std::string database, std::string pgseed_folder, std::string alembic_folder)
      : database_(std::move(database)),
        pgseed_folder_(std::move(pgseed_folder)),
        alembic_folder_(std::move(alembic_folder)) {
    cross_server().create_database(database_);
  }

  std::string url() const { return cross_server().url(database_); }
  const std::string& database() const { return database_; }
  void sql(const std::string& text) const { cross_server().sql(text, database_); }

  Result pgseed(Words words) const { return run_pgseed(pgseed_folder_, url(), std::move(words)); }
  Result alembic(const Words& words) const {
    return alembic_commands().run(alembic_folder_, url(), words);
  }
  // By the one or the other; the test fails if it does.
  std::string with(bool alembic_is_on, const Words& words) const {
    std::string line = alembic_is_on ? "alembic" : "pgseed migrate";
    for (const std::string& word : words) line += ' ' + word;
    CAPTURE(line);
    return must(alembic_is_on ? alembic(words) : pgseed(words));
  }

  // "a1,b2"; empty without rows or without a table.
  std::string rows() const {
    pg::Session session(url());
    if (!session.query("SELECT to_regclass('alembic_version')").front()[0]) return {};
    std::string out;
    for (const auto& row :
         session.query("SELECT version_num FROM alembic_version ORDER BY version_num")) {
      out += (out.empty() ? "" : ",") + *row[0];
    }
    return out;
  }

  // Everything but schema pgseed; the version table is part of it.
  std::string dump(bool with_rows = false) const {
    Words words = {postgres_bin_dir() + "/pg_dump", "-N", "pgseed", url()};
    words.insert(words.begin() + 1, with_rows ? "--inserts" : "-s");
    const Result result = test::run({.argv = std::move(words)});
    REQUIRE(result.exit_code == 0);
    std::string out;
    for (std::string_view rest = result.out; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      if (!rest.starts_with('\\')) out += rest.substr(0, end);  // \restrict has a random key
      rest.remove_prefix(end);
    }
    return out;
  }

 private:
  std::string database_, pgseed_folder_, alembic_folder_;
};

}  // namespace pgseed::test
