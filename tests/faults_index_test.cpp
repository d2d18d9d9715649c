// tests/FAULTS.md says which test brings about which fault: all of them must exist.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

using namespace pgseed::test;
namespace fs = std::filesystem;

namespace {

// The names of all test cases of a source; long ones are written in several pieces.
void add_test_cases(const std::string& source, std::set<std::string>& names) {
  const std::string mark = "\nTEST_CASE(";
  for (std::size_t at = source.find(mark); at != std::string::npos; at = source.find(mark, at)) {
    at += mark.size();
    std::string name;
    for (;;) {
      while (at < source.size() && std::isspace(static_cast<unsigned char>(source[at])) != 0) ++at;
      if (at >= source.size() || source[at] != '"') break;
      for (++at; at < source.size() && source[at] != '"'; ++at) {
        if (source[at] == '\\') ++at;
        name += source[at];
      }
      ++at;
    }
    names.insert(name);
  }
}

std::set<std::string> all_test_cases() {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(PGSEED_SOURCE_DIR "/tests")) {
    if (entry.path().extension() == ".cpp") add_test_cases(read_file(entry.path()), names);
  }
  return names;
}

// "| A1 | fault | must happen | `test` `test` |" -> A1, tests.
std::map<std::string, std::vector<std::string>> index_of(const std::string& text) {
  std::map<std::string, std::vector<std::string>> index;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 5 || line[0] != '|' ||
        std::string("ABCD").find(line[2]) == std::string::npos ||
        std::isdigit(static_cast<unsigned char>(line[3])) == 0) {
      continue;
    }
    const std::string id = line.substr(2, line.find(' ', 2) - 2);
    CHECK_MESSAGE(index.count(id) == 0, id);
    CHECK_MESSAGE(std::count(line.begin(), line.end(), '|') == 5, id);
    std::vector<std::string>& tests = index[id];
    for (std::size_t at = line.find('`', line.rfind('|', line.size() - 3));
         at != std::string::npos;) {
      const std::size_t end = line.find('`', at + 1);
      tests.push_back(line.substr(at + 1, end - at - 1));
      at = line.find('`', end + 1);
    }
  }
  return index;
}

}  // namespace

TEST_CASE("faults index: every class of faults has a test, and every test that it names exists") {
  const std::set<std::string> known = all_test_cases();
  REQUIRE(known.size() > 500);
  const auto index = index_of(read_file(PGSEED_SOURCE_DIR "/tests/FAULTS.md"));
  const std::map<char, int> classes = {{'A', 25}, {'B', 9}, {'C', 13}, {'D', 4}};
  std::size_t wanted = 0;
  for (const auto& [letter, last] : classes) {
    for (int number = 1; number <= last; ++number, ++wanted) {
      const std::string id = letter + std::to_string(number);
      const auto found = index.find(id);
      CHECK_MESSAGE(found != index.end(), id << " is not in the index");
      if (found == index.end()) continue;
      CHECK_MESSAGE(!found->second.empty(), id << " has no test");
      for (const std::string& name : found->second) {
        CHECK_MESSAGE(known.count(name) == 1, id << ": there is no test called " << name);
      }
    }
  }
  CHECK(index.size() == wanted);
}

TEST_CASE("faults index: names in pieces and lines that say nothing are read as they are meant") {
  std::set<std::string> names;
  add_test_cases("\nTEST_CASE(\n    \"one: \"\n    \"a \\\"b\\\"\") {\n\nTEST_CASE(\"two\") {}\n",
                 names);
  CHECK(names == std::set<std::string>{"one: a \"b\"", "two"});
  const auto index =
      index_of("| id | x | y | z |\n|---|---|---|---|\n| A1 | a `b` | c | `d` `e f` |\n");
  CHECK(index.size() == 1);
  CHECK(index.at("A1") == std::vector<std::string>{"d", "e f"});
}
