#include "pgseed/seed/ledger/work_identity.hpp"

#include <filesystem>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/mapping.hpp"

namespace pgseed::seed {
namespace {

// Parts that say their length, so that no two lists of parts read the same.
class Parts {
 public:
  Parts& add(std::string_view part) {
    all_ += text(part.size(), ':', part, ';');
    return *this;
  }
  Parts& add(std::uint64_t number) { return add(std::to_string(number)); }
  Parts& add(const std::vector<std::string>& list) {
    add(list.size());
    for (const std::string& part : list) add(part);
    return *this;
  }
  std::string name() const { return hash128(all_).hex(); }

 private:
  std::string all_;
};

std::string one(std::optional<char> byte) {
  return byte ? std::string(1, *byte) : std::string();
}

}  // namespace

std::string work_name(const Options& options, const std::string& target,
                      const std::vector<std::string>& sources) {
  const RowOptions& rows = options.input.rows;
  Parts parts;
  parts.add("pgseed work 1").add(target).add(options.schema).add(name(options.mode));
  parts.add(sources).add(options.on_conflict).add(options.tables).add(options.exclude);
  parts.add(options.limit ? std::to_string(*options.limit) : "all").add(options.offset);
  parts.add(options.mapping ? options.mapping->fingerprint : std::string());
  parts.add(options.dialect).add(options.input.encoding).add(options.zero_dates_are_null);
  parts.add(options.json_columns ? 1 : 0);
  if (options.json_columns) parts.add(*options.json_columns);
  parts.add(options.regenerate_identity).add(options.closure).add(options.atomic);
  parts.add(static_cast<std::uint64_t>(rows.format)).add(rows.schema).add(rows.table);
  parts.add(rows.header).add(rows.columns).add(one(rows.delimiter)).add(one(rows.quote));
  parts.add(one(rows.escape)).add(rows.null_text);
  return parts.name();
}

std::string table_lock_name(const std::string& target, const TableName& table) {
  return Parts().add("pgseed table 1").add(target).add(table.schema).add(table.table).name();
}

std::string canonical_name(const std::string& path) {
  if (path == "-") return path;
  std::error_code error;
  const auto whole = std::filesystem::weakly_canonical(path, error);
  return error ? path : whole.string();
}

}  // namespace pgseed::seed
