#include "pgseed/cli/console.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>

#include "pgseed/base/text.hpp"
#include "pgseed/cli/github_actions.hpp"

namespace pgseed::cli {
namespace {

constexpr std::int64_t kAnimatedMs = 100;
constexpr std::int64_t kPlainMs = 10'000;

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::size_t terminal_width() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10) return size.ws_col;
  return 80;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Console::Console(const GlobalFlags& flags)
    : quiet_(flags.quiet), json_(flags.json), verbose_(flags.verbose) {
  const char* const term = std::getenv("TERM");
  const char* const no_color = std::getenv("NO_COLOR");
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  animated_ = terminal && !dumb && !quiet_;
  colour_ = flags.color == "always" ||
            (flags.color == "auto" && terminal && !dumb && (no_color == nullptr || *no_color == 0));
  guards_ = environment_value("GITHUB_ACTIONS") == "true";
  last_progress_ms_ = now_ms();
}

Console::~Console() {
  try {
    end_progress();
  } catch (const std::bad_alloc&) {
    // The line stays as it is.
  }
}

void Console::result(std::string_view text) {
  end_progress();
  if (write_all(STDOUT_FILENO, text) || errno == EPIPE) return;
  throw Error(ErrorKind::storage, pgseed::text("cannot write the result: ", std::strerror(errno)),
              "stdout");
}

void Console::write_error(std::string_view text) {
  // There is nowhere to report that stderr is gone.
  static_cast<void>(write_all(STDERR_FILENO, guarded(text)));
}

std::string Console::guarded(std::string_view text) const {
  return guards_ ? without_commands(text) : std::string(text);
}

void Console::command(std::string_view lines) {
  struct stat info = {};
  if (fstat(STDERR_FILENO, &info) == 0 && S_ISREG(info.st_mode)) return;
  end_progress();
  static_cast<void>(write_all(STDERR_FILENO, lines));
}

std::string Console::paint(const char* colour, std::string_view text) const {
  if (!colour_) return std::string(text);
  return pgseed::text("\033[", colour, "m", text, "\033[0m");
}

void Console::info(std::string_view line) {
  if (quiet_) return;
  end_progress();
  write_error(text(line, "\n"));
}

void Console::warning(std::string_view line) {
  end_progress();
  write_error(text(paint("33", "warning:"), " ", line, "\n"));
}

void Console::error(const Error& error) {
  end_progress();
  std::string out = paint("31", "error:") + " ";
  // file:line:column first, as compilers print it, so that editors find the place.
  if (!error.where.empty()) out += error.where + ": ";
  out += error.message + "\n";
  if (!error.excerpt.empty()) out += error.excerpt + "\n";
  if (!error.hint.empty()) out += paint("36", "hint:") + " " + error.hint + "\n";
  write_error(out);
}

void Console::progress(const std::string& line) {
  if (quiet_) return;
  const std::int64_t now = now_ms();
  if (now - last_progress_ms_ < (animated_ ? kAnimatedMs : kPlainMs)) return;
  last_progress_ms_ = now;
  if (!animated_) return write_error(line + "\n");
  write_error(text("\r\033[K", line.substr(0, terminal_width() - 1)));
  line_open_ = true;
}

void Console::end_progress() {
  if (!line_open_) return;
  write_error("\r\033[K");
  line_open_ = false;
}

bool Console::can_ask() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool Console::confirm(const std::string& question) {
  end_progress();
  write_error(question + " [y/N] ");
  std::string answer;
  return std::getline(std::cin, answer) && !answer.empty() &&
         (answer[0] == 'y' || answer[0] == 'Y');
}

}  // namespace pgseed::cli
