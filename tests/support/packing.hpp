#pragma once
// Packed files as the command line tools make them, with Python's modules in the place of a tool
// that is not there.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

// gzip, bzip2, xz, zstd, lz4: what the tool makes of the text, checksum and all; empty (and a
// message) where there is neither the tool nor its like in Python.
inline std::string packed_by(const std::string& tool, const std::string& text) {
  std::vector<std::string> arguments = {"-c"};
  if (tool == "zstd" || tool == "lz4") arguments.emplace_back("-q");
  Command command;
  command.argv = {"sh", "-c", "command -v \"$0\" >/dev/null || exit 127; exec \"$0\" \"$@\"", tool};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.stdin_text = text;
  Result result = run(command);
  if (result.exit_code == 127) {
    const std::string module = tool == "bzip2" ? "bz2" : tool == "xz" ? "lzma" : tool;
    command.argv = {"python3", "-c",
                    "import sys, " + module + "; sys.stdout.buffer.write(" + module +
                        ".compress(sys.stdin.buffer.read()))"};
    result = run(command);
  }
  if (result.exit_code == 0) return result.out;
  MESSAGE("skipped: there is no " << tool << " here");
  return {};
}

// A shell script in a folder: for archives. False (and a message) when it fails for want of a tool.
inline bool made_by(const TempDir& folder, const std::string& tool, const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", "command -v " + tool + " >/dev/null || exit 127; " + script};
  command.directory = folder.path().string();
  const Result result = run(command);
  if (result.exit_code == 127) {
    MESSAGE("skipped: there is no " << tool << " here");
    return false;
  }
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return true;
}

}  // namespace pgseed::test
