#pragma once
// The terminal: results on stdout, everything else on stderr. Nothing else in pgseed prints.
#include <cstdint>
#include <string>
#include <string_view>

#include "pgseed/base/error.hpp"
#include "pgseed/cli/config.hpp"

namespace pgseed::cli {

class Console {
 public:
  // Colours and animation only where they make sense: a terminal, no NO_COLOR, TERM not dumb.
  explicit Console(const GlobalFlags& flags);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // A result: text as it is, on stdout. Throws Error{storage} when stdout cannot take it; a reader
  // that went away (a closed pipe) is no error.
  void result(std::string_view text);
  // Lines for the runner of GitHub Actions, on stderr as they are. Never into a file of ours: they
  // may name secrets for it to mask.
  void command(std::string_view lines);
  // One line on stderr, not with -q.
  void info(std::string_view line);
  void warning(std::string_view line);
  // The error, where, excerpt and hint.
  void error(const Error& error);
  // A line that overwrites itself on a terminal; elsewhere it is printed every ten seconds.
  void progress(const std::string& line);
  void end_progress();

  bool quiet() const { return quiet_; }
  int verbose() const { return verbose_; }
  bool json() const { return json_; }
  // True if a question can be asked: both stdin and stderr are a terminal.
  static bool can_ask();
  // Asks on stderr; true for an answer that begins with y.
  bool confirm(const std::string& question);

 private:
  void write_error(std::string_view text);
  // In GitHub Actions no message may be taken for a command: it may quote a dump.
  std::string guarded(std::string_view text) const;
  std::string paint(const char* colour, std::string_view text) const;

  bool quiet_;
  bool json_;
  int verbose_;
  bool colour_ = false;
  bool animated_ = false;
  bool guards_ = false;
  bool line_open_ = false;
  std::int64_t last_progress_ms_ = 0;
};

}  // namespace pgseed::cli
