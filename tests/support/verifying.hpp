#pragma once
// One `pgseed --json verify`, and what its summary says.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {

struct Verified {
  Result result;
  Json summary;
  int exit_code() const { return result.exit_code; }
  Json table(std::size_t index = 0) const { return summary["verification"]["tables"][index]; }
  // "same differing missing extra" of a table.
  std::string counts(std::size_t index = 0) const {
    const Json found = table(index);
    return found["rows_same"].text() + " " + found["rows_differing"].text() + " " +
           found["rows_missing"].text() + " " + found["rows_extra"].text();
  }
  // "kind key,key columns,columns where" of each difference, a line each.
  std::string differences(std::size_t index = 0) const {
    std::string lines;
    const Json all = table(index)["differences"];
    for (std::size_t each = 0; each < all.size(); ++each) {
      const Json difference = all[each];
      lines += difference["kind"].text() + " " + joined(difference["key"]) + " " +
               joined(difference["columns"]);
      if (!difference["where"].is_null()) {
        const std::string where = difference["where"].text();
        lines += " line " + where.substr(where.rfind(':') + 1);
      }
      lines += "\n";
    }
    return lines;
  }

 private:
  static std::string joined(const Json& texts) {
    std::string out;
    for (std::size_t index = 0; index < texts.size(); ++index) {
      out += (out.empty() ? "" : ",") + texts[index].text();
    }
    return out;
  }
};

inline Verified verify_files(std::vector<std::string> args, Call call = {}) {
  call.args = {"--json", "verify"};
  call.args.insert(call.args.end(), args.begin(), args.end());
  Result result = pgseed(call);
  INFO("stderr: ", result.err);
  REQUIRE_MESSAGE(!result.out.empty(), result.err);
  Verified verified{result, Json(result.out)};
  CHECK(verified.summary["exit_code"].number() == result.exit_code);
  return verified;
}

inline Verified verify_text(const std::string& dump, std::vector<std::string> args = {},
                            Call call = {}) {
  const TempDir folder;
  args.insert(args.begin(), folder.write("dump.sql", dump));
  return verify_files(std::move(args), std::move(call));
}

inline std::string rows(const std::string& values) {
  return "INSERT INTO t (id, v) VALUES\n" + values + ";\n";
}

}  // namespace pgseed::test
