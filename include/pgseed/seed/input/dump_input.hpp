#pragma once
// A file or standard input as the SQL reader wants it: unpacked, recognised, converted to UTF-8.
// CSV, JSON and reject files come as the SQL of their rows.
//
//   for (const InputPart& part : list_inputs(paths, options.packed)) {
//     DumpInput input(part, options);
//     ...
//   }
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/io/charset.hpp"
#include "pgseed/io/input_file.hpp"
#include "pgseed/seed/input/row_text.hpp"
#include "pgseed/seed/input/text_place.hpp"
#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::seed {

// One text among the inputs of a run: a file, standard input or a member of an archive.
struct InputPart {
  std::string path;  // as the user gave it
  std::string name;  // "a.sql", "<stdin>", "all.zip:a.sql"
  std::shared_ptr<const io::InputFile> file;
  std::size_t member = 0;

  // The name for reports: "-" for standard input as it was given.
  const std::string& shown() const { return path == "-" && file->members().empty() ? path : name; }
};
// The parts of all paths in their order. Standard input can be read once, unless it is an archive.
// Any other pipe is copied to a temporary file if it must be repeatable.
std::vector<InputPart> list_inputs(const std::vector<std::string>& paths,
                                   const io::PackedLimits& limits = {}, bool repeatable = false);

struct InputOptions {
  // Of the whole file; empty: what the file says (UTF-8 unless it announces another or shows
  // UTF-16).
  std::string encoding;
  io::PackedLimits packed;
  RowOptions rows;
};

class DumpInput : public sql::Input {
 public:
  // Reads the first block. Throws Error{input} for what is no text of rows (archives of pg_dump,
  // HTML, binaries) with a hint what to do, Error{usage} for rows whose table nobody named.
  DumpInput(const InputPart& part, const InputOptions& options);
  // path: a file or "-"; of an archive its only member: Error{input} if it has several.
  DumpInput(const std::string& path, const std::string& encoding);
  ~DumpInput() override;

  std::size_t read(char* into, std::size_t space) override;
  std::string switch_encoding(std::string_view encoding, std::string_view unread) override;
  // 0 behind a head that the file does not have (CSV without a header).
  std::uint64_t first_line() const override { return rows_ ? rows_->first_line() : 1; }

  const std::string& name() const { return source_->name(); }
  // Of the file as it lies there, packed or not, and how much of it was read.
  std::optional<std::uint64_t> size() const { return source_->size(); }
  std::uint64_t bytes_read() const { return source_->offset(); }
  // What was read so far: of the text, unpacked, in its own encoding.
  const ContentHash& content() const { return content_; }
  bool repeatable() const { return source_->repeatable(); }
  // All of it was read.
  bool at_end() const { return ended_; }
  // Of the text; for rows that are no SQL themselves that of the SQL made of them.
  const sql::DialectGuess& guess() const { return guess_; }
  bool is_sql() const { return rows_ == nullptr; }
  // "csv", "json", "rejects"; empty for SQL.
  const std::string& row_format() const { return row_format_; }
  // JSON: the table's columns of type json and jsonb, which only the target knows. Before the first
  // read().
  void set_json_columns(std::vector<std::string> columns);
  bool empty() const { return is_empty_; }
  // The last line that the program which wrote the file puts at its end, where the file has its
  // header and, all of it read, not that line: it may be cut off between two statements.
  struct MissingEnd {
    std::string program;  // "mysqldump"
    std::string line;     // "-- Dump completed"
  };
  std::optional<MissingEnd> missing_end() const;

 private:
  void read_first_block();
  void choose_charset(const std::string& encoding);
  void choose_rows(const RowOptions& options);
  std::size_t read_raw(char* into, std::size_t space);
  std::size_t read_source(char* into, std::size_t space);
  // Fills ready_ with the next text; false at the end.
  bool read_more();
  void convert_block();
  void convert(std::string_view bytes);
  void require_announced(std::string_view behind, const std::string& where) const;
  void add_text(std::string_view text);

  std::unique_ptr<io::TextSource> source_;
  ContentHash content_;
  std::string tail_;  // of what was read
  bool encoding_is_fixed_;
  bool is_empty_ = false;
  sql::DialectGuess guess_;
  std::string first_block_;
  std::size_t first_block_used_ = 0;

  std::unique_ptr<io::Charset> charset_;
  std::string announced_;            // by the text: iconv's name of it
  std::string other_encoding_;       // that the text changed to; empty: it did not
  bool charset_from_start_ = false;  // place_ is that of the text
  TextPlace place_;
  std::string raw_rest_;  // bytes of a character that was cut
  std::string converted_;

  std::unique_ptr<RowText> rows_;
  std::string row_format_;
  bool rows_at_start_ = true;
  bool ended_ = false;
  std::exception_ptr problem_;  // to be thrown once ready_ was given

  std::string ready_;  // UTF-8 that read() has not given yet
  std::size_t ready_used_ = 0;
  std::string block_;
};

}  // namespace pgseed::seed
