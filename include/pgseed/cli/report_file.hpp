#pragma once
// A file that is written whole at the end of a run, or not at all; whether that will do is known
// before the run begins.
#include <string>
#include <string_view>

namespace pgseed::cli {

class ReportFile {
 public:
  // Takes a nameless file in the folder of `path` and some room on the disk. Throws Error{storage}
  // where that is not possible, and for a path that is no ordinary file. A file that is there stays
  // as it is until write().
  explicit ReportFile(const std::string& path);
  ~ReportFile();
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  // Puts the content in the place of what was there, at once: a reader sees the old or the new one.
  // Once. Throws Error{storage}.
  void write(std::string_view content);

 private:
  [[noreturn]] void fail(const char* what);

  std::string path_;       // as it was given
  std::string target_;     // behind symbolic links
  std::string temporary_;  // its name until it has its own; empty: nameless
  int descriptor_ = -1;
};

}  // namespace pgseed::cli
