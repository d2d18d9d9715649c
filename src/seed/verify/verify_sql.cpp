#include "pgseed/seed/verify/verify_sql.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

// A row of those columns as text: what the types' output functions print, and unlike concat() and
// casts it tells NULL from '' and keeps the blanks of character(n).
std::string row_text(const std::vector<std::string>& columns, const std::string& prefix) {
  return text("ROW(", quoted_list(columns, prefix), ")::text COLLATE \"C\"");
}

std::string value_text(const std::string& expression) {
  return text("ROW(", expression, ")::text COLLATE \"C\"");
}

// IS NULL says yes to a composite value of NULLs as well.
std::string has_null(const std::vector<std::string>& key, const std::string& prefix) {
  return text("num_nulls(", quoted_list(key, prefix), ") > 0");
}
std::string has_no_null(const std::vector<std::string>& key, const std::string& prefix) {
  return text("num_nulls(", quoted_list(key, prefix), ") = 0");
}

// Two hashes of 64 bits, added up: the order of the rows does not count.
std::string sums_of(const std::string& expression) {
  return text("coalesce(sum(hashtextextended(", expression, ", 0)), 0), coalesce(sum(",
              "hashtextextended(", expression, ", 1)), 0)");
}

std::string staged(const StagedRows& rows) {
  return "pg_temp." + quote_identifier(rows.table);
}

std::string same_key(const std::vector<std::string>& key) {
  std::string out;
  for (const std::string& column : key) {
    const std::string name = quote_identifier(column);
    out += text(out.empty() ? "" : " AND ", "t.", name, " = e.", name);
  }
  return out;
}

const std::string kPlace = text(kStagedRow, ", ", kStagedFile, ", ", kStagedLine);

}  // namespace

std::string create_staging_sql(const TableName& target, const StagedRows& rows) {
  return text("CREATE TEMP TABLE ", quote_identifier(rows.table), " ON COMMIT DROP AS SELECT ",
              quoted_list(rows.columns, "t."), rows.columns.empty() ? "" : ", ", "NULL::bigint AS ",
              kStagedRow, ", NULL::integer AS ", kStagedFile, ", NULL::bigint AS ", kStagedLine,
              " FROM ", to_sql(target), " AS t WITH NO DATA");
}

std::string copy_staging_sql(const StagedRows& rows) {
  return text("COPY ", staged(rows), " (", kStagedFile, ", ", kStagedLine, ", ", kStagedRow,
              rows.columns.empty() ? "" : ", ", quoted_list(rows.columns), ") FROM STDIN");
}

// --- by key

KeyedComparison::KeyedComparison(std::string target, std::vector<std::string> key,
                                 const std::vector<StagedRows>& sets, bool first_wins,
                                 bool repeated)
    : target_(std::move(target)),
      key_(std::move(key)),
      sets_(sets),
      first_wins_(first_wins),
      repeated_(repeated) {
  for (const StagedRows& rows : sets_) {
    for (const std::string& column : rows.columns) {
      if (!contains(columns_, column)) columns_.push_back(column);
    }
  }
}

std::string KeyedComparison::count_keys(const std::vector<std::string>& key,
                                        const std::vector<StagedRows>& sets) {
  std::string all;
  for (const StagedRows& rows : sets) {
    all += text(all.empty() ? "" : " UNION ALL ", "SELECT ", quoted_list(key), " FROM ",
                staged(rows), " WHERE ", has_no_null(key, ""));
  }
  return text("SELECT coalesce(sum(n), 0)::bigint, count(*) FROM (SELECT count(*) AS n FROM (", all,
              ") AS q GROUP BY ", quoted_list(key), ") AS keys");
}

std::string KeyedComparison::count_null_keys(const std::vector<std::string>& key,
                                             const StagedRows& rows) {
  return text("SELECT count(*) FROM ", staged(rows), " WHERE ", has_null(key, ""));
}

// Relation e: kPlace and the columns of the only set; or the key's columns and for column i of
// columns_ v<i>, its text, and h<i>, whether the files say anything about it.
std::string KeyedComparison::expected() const {
  const char* const order = first_wins_ ? "" : " DESC";
  std::string all;
  for (const StagedRows& rows : sets_) {
    all += text(all.empty() ? "" : " UNION ALL ", "SELECT ", kPlace);
    if (is_single()) {
      all += text(", ", quoted_list(rows.columns));
    } else {
      all += text(", ", quoted_list(key_));
      for (std::size_t index = 0; index < columns_.size(); ++index) {
        const bool has = contains(rows.columns, columns_[index]);
        all += has ? text(", ", value_text(quote_identifier(columns_[index])), " AS v", index,
                          ", true AS h", index)
                   : text(", NULL::text COLLATE \"C\" AS v", index, ", false AS h", index);
      }
    }
    all += text(" FROM ", staged(rows), " WHERE ", has_no_null(key_, ""));
  }
  if (!repeated_) return all;
  if (is_single() || first_wins_) {
    return text("SELECT DISTINCT ON (", quoted_list(key_), ") * FROM (", all, ") AS q ORDER BY ",
                quoted_list(key_), ", ", kStagedRow, order);
  }
  // A later row of a key changes the columns that it has, and no others.
  const auto last = [&](const std::string& what, const std::string& filter) {
    return text("(array_agg(", what, " ORDER BY ", kStagedRow, " DESC)", filter, ")[1] AS ", what);
  };
  std::string out =
      text("SELECT max(", kStagedRow, ") AS ", kStagedRow, ", ", last(kStagedFile, ""), ", ",
           last(kStagedLine, ""), ", ", quoted_list(key_));
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    out += text(", ", last(text('v', index), text(" FILTER (WHERE h", index, ")")), ", bool_or(h",
                index, ") AS h", index);
  }
  return text(out, " FROM (", all, ") AS q GROUP BY ", quoted_list(key_));
}

// What the files say of column i, and what the table holds there, as texts.
std::string KeyedComparison::said(std::size_t index) const {
  return is_single() ? value_text("e." + quote_identifier(columns_[index])) : text("e.v", index);
}
std::string KeyedComparison::held(std::size_t index) const {
  return value_text("t." + quote_identifier(columns_[index]));
}

std::string KeyedComparison::joined(const std::string& kind) const {
  return text(" FROM (", expected(), ") AS e ", kind, " JOIN ", target_, " AS t ON ",
              same_key(key_));
}

std::string KeyedComparison::key_values(const char* alias) const {
  std::string out;
  for (const std::string& column : key_) {
    out += text(", ", alias, '.', quote_identifier(column), "::text");
  }
  return out;
}

std::string KeyedComparison::summary() const {
  std::string there, here;
  if (is_single()) {
    there = row_text(columns_, "e.");
    here = row_text(columns_, "t.");
  } else {
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      const char* const joint = index == 0 ? "" : " || ";
      there += text(joint, "coalesce(e.v", index, ", '')");
      here += text(joint, "CASE WHEN e.h", index, " THEN ", held(index), " ELSE '' END");
    }
  }
  const std::string found = has_no_null(key_, "t.");
  // OFFSET 0 keeps the texts from being made more than once.
  return text("SELECT count(*), count(*) FILTER (WHERE found), count(*) FILTER (WHERE found AND ",
              "there = here), ", sums_of("there"), ", ", sums_of("here"), " FROM (SELECT ", found,
              " AS found, (", there, ") COLLATE \"C\" AS there, CASE WHEN ", found, " THEN (", here,
              ") COLLATE \"C\" END AS here", joined("LEFT"), " OFFSET 0) AS pair");
}

std::string KeyedComparison::differing(std::size_t limit) const {
  std::string digits, any;
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    const std::string differs =
        text(is_single() ? "" : text("e.h", index, " AND "), said(index), " <> ", held(index));
    digits += text(index == 0 ? "" : " || ", "CASE WHEN ", differs, " THEN '1' ELSE '0' END");
    any += text(index == 0 ? "" : " OR ", "(", differs, ")");
  }
  return text("SELECT e.", kStagedRow, ", e.", kStagedFile, ", e.", kStagedLine, ", ", digits,
              key_values("e"), joined("INNER"), " WHERE ", any, " ORDER BY 1 LIMIT ", limit);
}

std::string KeyedComparison::missing(std::size_t limit) const {
  return text("SELECT e.", kStagedRow, ", e.", kStagedFile, ", e.", kStagedLine, key_values("e"),
              " FROM (", expected(), ") AS e WHERE NOT EXISTS (SELECT FROM ", target_,
              " AS t WHERE ", same_key(key_), ") ORDER BY 1 LIMIT ", limit);
}

std::string KeyedComparison::extra(std::size_t limit) const {
  std::string out = text("SELECT ", key_values("t").substr(2), " FROM ", target_, " AS t WHERE ",
                         has_no_null(key_, "t."));
  for (const StagedRows& rows : sets_) {
    out += text(" AND NOT EXISTS (SELECT FROM ", staged(rows), " AS e WHERE ", same_key(key_), ")");
  }
  return text(out, " ORDER BY ", quoted_list(key_, "t."), " LIMIT ", limit);
}

// --- without a key

KeylessComparison::KeylessComparison(const std::string& target, const StagedRows& rows,
                                     const std::vector<std::string>& null_key,
                                     const std::vector<std::string>& key,
                                     const std::vector<StagedRows>& claimed)
    : target_(target + " AS t"), rows_(rows), where_(" WHERE true"), target_where_(where_) {
  if (!null_key.empty()) {
    where_ += " AND " + has_null(null_key, "");
    target_where_ += " AND " + has_null(null_key, "t.");
  }
  for (const StagedRows& others : claimed) {
    target_where_ +=
        text(" AND NOT EXISTS (SELECT FROM ", staged(others), " AS e WHERE ", same_key(key), ")");
  }
}

std::string KeylessComparison::sums() const {
  const auto of = [&](const std::string& table, const std::string& where) {
    return text("(SELECT count(*), ", sums_of("txt"), " FROM (SELECT ", row_text(rows_.columns, ""),
                " AS txt FROM ", table, where, " OFFSET 0) AS q)");
  };
  return text("SELECT * FROM ", of(staged(rows_), where_), " AS files (a, b, c), ",
              of(target_, target_where_), " AS held (d, e, f)");
}

// Relation counted: in_files, in_table, first (number of the files' first such row).
std::string KeylessComparison::counted() const {
  const std::string row = row_text(rows_.columns, "");
  return text("(SELECT coalesce(f.n, 0) AS in_files, coalesce(h.n, 0) AS in_table, f.first FROM (",
              "SELECT txt, count(*) AS n, min(", kStagedRow, ") AS first FROM (SELECT ", row,
              " AS txt, ", kStagedRow, " FROM ", staged(rows_), where_,
              ") AS a GROUP BY txt) AS f FULL JOIN (SELECT txt, count(*) AS n FROM (SELECT ", row,
              " AS txt FROM ", target_, target_where_,
              ") AS b GROUP BY txt) AS h ON f.txt = h.txt) AS ", "counted");
}

std::string KeylessComparison::summary() const {
  return text("SELECT coalesce(sum(least(in_files, in_table)), 0)::bigint, ",
              "coalesce(sum(greatest(in_files - in_table, 0)), 0)::bigint, ",
              "coalesce(sum(greatest(in_table - in_files, 0)), 0)::bigint FROM ", counted());
}

std::string KeylessComparison::listed(const char* condition, std::size_t limit) const {
  return text("SELECT s.", kStagedRow, ", s.", kStagedFile, ", s.", kStagedLine,
              ", in_files, in_table FROM ", counted(), " JOIN ", staged(rows_), " AS s ON s.",
              kStagedRow, " = counted.first WHERE ", condition, " ORDER BY 1 LIMIT ", limit);
}

std::string KeylessComparison::missing(std::size_t limit) const {
  return listed("in_files > in_table", limit);
}

std::string KeylessComparison::doubled(std::size_t limit) const {
  return listed("in_table > in_files", limit);
}

}  // namespace pgseed::seed
