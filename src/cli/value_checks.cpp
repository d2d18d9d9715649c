#include "pgseed/cli/value_checks.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "pgseed/base/text.hpp"

namespace pgseed::cli {

CLI::Validator whole_number(const char* of) {
  return CLI::Validator(
      [of](std::string& value) {
        const bool digits = !value.empty() && value.size() < 20 &&
                            value.find_first_not_of("0123456789") == std::string::npos;
        return digits ? std::string() : text(value, " is no whole number of ", of);
      },
      "", "whole number");
}

CLI::Validator number_of_seconds() {
  return CLI::Validator(
      [](std::string& value) {
        char* end = nullptr;
        std::strtod(value.c_str(), &end);
        const bool is_number = !value.empty() && *end == '\0' && value.front() != ' ';
        return is_number ? std::string() : text(value, " is no number of seconds");
      },
      "", "seconds");
}

}  // namespace pgseed::cli
