#pragma once
// The JSON objects on stdout (README, "JSON output", version 1).
#include <string>

#include "pgseed/base/error.hpp"
#include "pgseed/json/writer.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::cli {

// A JSON object or array being written; commas come by themselves.
class JsonOutput {
 public:
  JsonOutput& begin_object(std::string_view name = {});
  JsonOutput& end_object();
  JsonOutput& begin_array(std::string_view name = {});
  JsonOutput& end_array();
  JsonOutput& text(std::string_view name, std::string_view value);
  JsonOutput& number(std::string_view name, std::uint64_t value);
  JsonOutput& seconds(std::string_view name, double value);
  JsonOutput& boolean(std::string_view name, bool value);
  JsonOutput& null(std::string_view name);
  JsonOutput& element(std::string_view value);
  // The whole text with a newline at its end.
  std::string finish();

 private:
  void separate();
  void label(std::string_view name);
  void append_value(std::string_view value);
  json::Buffer out_;
  bool first_ = true;
};

void write_error(JsonOutput& out, const Error* error);
// A command that failed before it had anything to report: the command's object without results.
std::string failure_json(const std::string& command, int exit_code, const Error& error);
std::string seed_json(const seed::Options& options, const seed::Report& report);
std::string inspect_json(const std::vector<seed::FileSurvey>& files);

}  // namespace pgseed::cli
