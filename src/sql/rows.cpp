#include "pgseed/sql/rows.hpp"

#include <utility>

namespace pgseed::sql {
namespace {

std::unique_ptr<DialectReader> make_reader(Input& input, std::string name,
                                           const ReaderOptions& options) {
  switch (options.dialect) {
    case Dialect::mysql:
      return make_mysql_reader(input, std::move(name), options);
    case Dialect::sqlite:
      return make_sqlite_reader(input, std::move(name), options);
    case Dialect::postgresql:
    case Dialect::sql_server:  // refused before it comes to reading
      break;
  }
  return make_postgresql_reader(input, std::move(name), options);
}

}  // namespace

DumpReader::DumpReader(Input& input, std::string name, const ReaderOptions& options)
    : reader_(make_reader(input, std::move(name), options)) {}
DumpReader::~DumpReader() = default;

Piece DumpReader::next() {
  return reader_->next();
}
const RowsHead& DumpReader::head() const {
  return reader_->head;
}
const Row& DumpReader::row() const {
  return reader_->row;
}
const Statement& DumpReader::statement() const {
  return reader_->statement;
}
const std::string& DumpReader::time_zone() const {
  return reader_->time_zone;
}
const std::string& DumpReader::search_path() const {
  return reader_->search_path;
}
const std::string& DumpReader::encoding() const {
  return reader_->encoding;
}
const std::optional<ConflictRule>& DumpReader::conflict_rule() const {
  return reader_->conflict_rule;
}
const std::vector<RowsHead>& DumpReader::empty_copies() const {
  return reader_->empty_copies;
}
std::uint64_t DumpReader::consumed() const {
  return reader_->consumed();
}
std::string DumpReader::where_value(std::size_t index) const {
  return reader_->where_value(index);
}

}  // namespace pgseed::sql
