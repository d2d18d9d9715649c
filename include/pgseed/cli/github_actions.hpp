#pragma once
// What a run says to GitHub Actions besides: secrets to mask, annotations at lines of the dump, and
// a summary of the job. Nothing of it outside of GitHub Actions.
#include <optional>
#include <string>
#include <vector>

#include "pgseed/cli/config.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::cli {

struct GithubActions {
  bool active = false;       // GITHUB_ACTIONS=true
  std::string summary_file;  // GITHUB_STEP_SUMMARY
  std::string workspace;     // GITHUB_WORKSPACE
};
GithubActions github_actions();

// "::add-mask::..." for every secret of the configuration, a line each.
std::string mask_commands(const Config& config);
// "::error file=a.sql,line=12,title=...::..." for the first ten rejected rows, else for the error.
std::string annotations(const seed::Report& report, const std::string& workspace, bool with_values);
// The run in Markdown.
std::string job_summary(const seed::Options& options, const seed::Report& report, bool with_values);

// Text in which no line can be taken for a command of the runner.
std::string without_commands(std::string_view words);

}  // namespace pgseed::cli
