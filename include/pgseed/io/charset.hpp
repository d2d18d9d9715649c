#pragma once
// Other encodings -> UTF-8, through iconv.
#include <memory>
#include <string>
#include <string_view>

namespace pgseed::io {

// The iconv name for an encoding as PostgreSQL or people write it ("LATIN1", "win1252",
// "ISO_8859_5"), or "MySQL's sjis" for a character set of MySQL that iconv reads otherwise in
// places; empty for UTF-8 and SQL_ASCII, which need no conversion.
std::string iconv_name(std::string_view encoding);

class Charset {
 public:
  // Throws Error{usage} for an encoding that the system does not know.
  explicit Charset(std::string_view encoding);
  ~Charset();

  // Appends the UTF-8 of `bytes` to `out`. Returns how many bytes were taken: a character cut by
  // the end waits for the next call. Throws Error{input} for bytes that mean nothing, or something
  // else to MySQL; `out` then ends before them.
  std::size_t convert(std::string_view bytes, std::string& out);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::string encoding_;
};

}  // namespace pgseed::io
