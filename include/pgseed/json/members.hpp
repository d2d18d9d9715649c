#pragma once
// The members of one object without an allocation per member: for files of millions of objects.
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace pgseed::json {

enum class MemberKind : std::uint8_t {
  null,
  string,  // decoded
  other,   // a number, true or false, an object or an array: its JSON text as it is written
};

struct MemberView {
  std::string_view name;  // decoded
  std::string_view value;
  MemberKind kind = MemberKind::null;
};

class MemberReader {
 public:
  MemberReader();
  ~MemberReader();

  // The members in order, or nullptr for what is no object, is no JSON, or has an escape that is no
  // character: what try_read_object() takes, this takes. They live until the next call.
  const std::vector<MemberView>* read(std::string_view object);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgseed::json
