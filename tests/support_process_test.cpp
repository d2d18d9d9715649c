#include "support/process.hpp"

#include <doctest/doctest.h>

#include <csignal>

#include "support/temp_dir.hpp"

namespace pgseed::test {

using namespace std::chrono_literals;

TEST_CASE("process: output, exit code and signal of a program are captured") {
  const Result both = run({.argv = {"sh", "-c", "echo out; echo err >&2; exit 7"}});
  CHECK(both.exit_code == 7);
  CHECK(both.signal == 0);
  CHECK(both.out == "out\n");
  CHECK(both.err == "err\n");
  const Result killed = run({.argv = {"sh", "-c", "kill -TERM $$"}});
  CHECK(killed.exit_code == -1);
  CHECK(killed.signal == SIGTERM);
  CHECK_THROWS_AS(run({.argv = {"no-such-program"}}), std::runtime_error);
  CHECK_THROWS_AS(run({.argv = {"/etc/passwd"}}), std::runtime_error);
}

TEST_CASE("process: stdin is a pipe with any amount of text, a file, or empty") {
  const std::string text(3'000'000, 'x');
  CHECK(run({.argv = {"cat"}, .stdin_text = text}).out == text);
  CHECK(run({.argv = {"sh", "-c", "test -p /dev/stdin"}, .stdin_text = "x"}).exit_code == 0);
  // The child may stop reading.
  CHECK(run({.argv = {"head", "-c", "3"}, .stdin_text = text}).out == "xxx");
  const TempDir folder;
  CHECK(run({.argv = {"cat"}, .stdin_file = folder.write("a/b", "file")}).out == "file");
  CHECK(run({.argv = {"cat"}}).out.empty());
}

TEST_CASE("process: environment and working directory can be set") {
  const TempDir folder;
  const Result result = run({.argv = {"sh", "-c", "echo $SET ${UNSET-unset}; pwd"},
                             .environment = {{"SET", "value"}, {"UNSET", std::nullopt}},
                             .directory = folder.path().string()});
  CHECK(result.out == "value unset\n" + folder.path().string() + '\n');
  setenv("PGSEED_TEST_VARIABLE", "x", 1);
  CHECK(run({.argv = {"printenv", "PGSEED_TEST_VARIABLE"}}).out == "x\n");
  CHECK(run({.argv = {"printenv", "PGSEED_TEST_VARIABLE"}, .clean_environment = true}).out.empty());
  unsetenv("PGSEED_TEST_VARIABLE");
}

TEST_CASE("process: a program that takes too long is killed") {
  const Result result = run({.argv = {"sleep", "60"}, .timeout = 50ms});
  CHECK(result.timed_out);
  CHECK(result.signal == SIGKILL);
}

TEST_CASE("process: output can be a closed pipe or a terminal") {
  const Result closed =
      run({.argv = {"sh", "-c", "echo x"}, .out = Output::closed, .err = Output::capture});
  CHECK((closed.signal == SIGPIPE || closed.exit_code != 0));
  const Result terminal =
      run({.argv = {"sh", "-c", "test -t 1 && test ! -t 2 && echo yes"}, .out = Output::terminal});
  CHECK(terminal.exit_code == 0);
  CHECK(terminal.out == "yes\r\n");
  // More than a terminal's buffer holds.
  CHECK(run({.argv = {"seq", "100000"}, .out = Output::terminal}).out.ends_with("100000\r\n"));
}

TEST_CASE("process: in the background it can be watched, signalled and waited for") {
  Process process({.argv = {"sh", "-c",
                            "trap 'echo got; exit 3' TERM; echo up; "
                            "while :; do sleep 0.01; done"}});
  CHECK(wait_until([&] { return process.out() == "up\n"; }, 5s));
  CHECK(process.running());
  CHECK(!process.wait(10ms));
  process.send(SIGTERM);
  const auto result = process.wait(5s);
  REQUIRE(result);
  CHECK(result->exit_code == 3);
  CHECK(result->out == "up\ngot\n");
}

TEST_CASE("process: nothing survives its object") {
  pid_t pid = 0;
  {
    const Process process({.argv = {"sleep", "60"}});
    pid = process.pid();
    CHECK(kill(pid, 0) == 0);
  }
  CHECK(kill(pid, 0) == -1);
}

}  // namespace pgseed::test
