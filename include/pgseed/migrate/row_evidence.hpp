#pragma once
// What the rows of a MySQL or SQLite dump tell of its columns: up to where an identity counted, and
// values that a type taken from the declaration alone would refuse or change.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/sql/ddl_model.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::migrate {

class RowEvidence {
 public:
  // The schema as far as it is known; it must outlive this. The rows of a table count from where
  // the text has made it.
  explicit RowEvidence(const sql::DdlSchema& schema) : schema_(schema) {}

  void row(std::size_t file, const sql::RowsHead& head, const sql::Row& row);
  bool saw_rows() const { return saw_rows_; }

  // Gives columns the types that hold their values, with a note each, and identities their next
  // number. keep_booleans: tinyint(1) stays boolean whatever its rows hold.
  void apply(sql::DdlSchema& schema, bool keep_booleans) const;

 private:
  struct Seen {
    bool integers = false, reals = false, texts = false, bytes = false;
    bool others_than_truth = false;  // numbers that are not 0 or 1
    bool odd_moments = false;        // texts that are no moment of the column's type
    std::uint64_t largest = 0;
    sql::DdlPlace odd;  // the first row whose value is not of the declared type
  };
  using Table = std::map<std::string, Seen>;  // by the column's name in lower case
  struct Watched {
    Seen* seen = nullptr;
    sql::DdlType type = sql::DdlType::text;
  };

  void begin(const sql::RowsHead& head, std::size_t values);
  void look(const Watched& watched, const sql::Value& value, const sql::DdlPlace& place) const;
  void settle_type(sql::DdlSchema& schema, const std::string& table, sql::DdlColumn& column,
                   const Seen& seen) const;

  const sql::DdlSchema& schema_;
  std::map<std::pair<std::string, std::string>, Table> tables_;
  std::vector<Watched> watched_;  // one for each value of the rows at hand
  std::uint64_t head_ = 0;
  std::size_t file_ = 0;
  bool saw_rows_ = false;
};

}  // namespace pgseed::migrate
