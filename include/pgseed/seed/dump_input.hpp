#pragma once
// A file or standard input as the SQL reader wants it: recognised, then converted to UTF-8. A reject
// file of ours comes as the INSERT statements of its rows.
#include <memory>
#include <optional>
#include <string>

#include "pgseed/io/charset.hpp"
#include "pgseed/io/source.hpp"
#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::seed {

class DumpInput : public sql::Input {
 public:
  // path: a file or "-". encoding: of the whole file, or empty for what the file says (UTF-8 unless
  // it announces another). Reads the first block. Throws Error{input} for what is no SQL text
  // (archives, compressed data, HTML, binaries) with a hint what to do.
  DumpInput(const std::string& path, const std::string& encoding);

  std::size_t read(char* into, std::size_t space) override;
  std::string switch_encoding(std::string_view encoding, std::string_view unread) override;

  const std::string& name() const { return source_.name(); }
  std::optional<std::uint64_t> size() const { return source_.size(); }
  std::uint64_t bytes_read() const { return source_.offset(); }
  bool repeatable() const { return source_.repeatable(); }
  sql::Dialect dialect() const { return dialect_; }
  bool empty() const { return first_block_.empty(); }

 private:
  std::size_t read_raw(char* into, std::size_t space);
  // Appends converted text to converted_.
  void convert(std::string_view bytes);

  io::Source source_;
  bool encoding_is_fixed_;
  bool rejects_ = false;  // a reject file of ours, turned into SQL line by line
  std::uint64_t reject_line_ = 0;
  sql::Dialect dialect_ = sql::Dialect::postgresql;
  std::string first_block_;
  std::size_t first_block_used_ = 0;
  std::unique_ptr<io::Charset> charset_;
  std::string raw_rest_;   // bytes of a character that was cut
  std::string converted_;  // UTF-8 that read() has not given yet
  std::size_t converted_used_ = 0;
};

}  // namespace pgseed::seed
