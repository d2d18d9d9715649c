#pragma once
// JSON text, appended to a byte buffer: the escaping half of JSON, written for speed. One pass over
// the bytes, 64 at a time, no allocation per value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace pgseed::json {

// memcpy of text that is mostly short.
inline void copy_short(std::string_view text, char* to) {
  const char* const from = text.data();
  if (text.size() >= 16 && text.size() <= 32) {
    std::memcpy(to, from, 16);
    std::memcpy(to + text.size() - 16, from + text.size() - 16, 16);
  } else if (text.size() >= 8 && text.size() < 16) {
    std::memcpy(to, from, 8);
    std::memcpy(to + text.size() - 8, from + text.size() - 8, 8);
  } else if (!text.empty()) {
    std::memcpy(to, from, text.size());
  }
}

// Growing bytes without the zero fill of std::string::resize. Keeps its memory when cleared.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  void swap(Buffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }

  void append(std::string_view text) {
    char* const to = reserve(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  // The same for text that is mostly short.
  void append_short(std::string_view text) {
    copy_short(text, reserve(text.size()));
    size_ += text.size();
  }
  void append(char byte) {
    *reserve(1) = byte;
    ++size_;
  }
  // Room for `count` more bytes at the end; they count only after advance().
  char* reserve(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return bytes_.get() + size_;
  }
  void advance_to(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  void grow(std::size_t count);

  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Appends "text" with quotes, escaping what JSON must have escaped (RFC 8259, section 7). before:
// goes in front of it as it is.
void append_string(Buffer& out, std::string_view text, std::string_view before = {});
// The same for the contents of an SQL string in which '' stands for '.
void append_sql_string(Buffer& out, std::string_view between_quotes, std::string_view before = {});
// The same for a field of COPY's text format with its backslash escapes.
void append_copy_string(Buffer& out, std::string_view field, std::string_view before = {});
// The same for what stands between MySQL's single quotes: backslash escapes, and '' for '. False if
// an escape stands for NUL, which PostgreSQL's text cannot hold.
bool append_mysql_string(Buffer& out, std::string_view between_quotes);

}  // namespace pgseed::json
