#include "pgseed/json/members.hpp"

#include <simdjson.h>

#include <new>
#include <string>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::json {

namespace ondemand = simdjson::ondemand;

struct MemberReader::Impl {
  ondemand::parser parser;
  std::string padded;
  std::vector<MemberView> members;

  void read(std::string_view text);
  void read_value(ondemand::value value, MemberView& member);
};

MemberReader::MemberReader() : impl_(std::make_unique<Impl>()) {}
MemberReader::~MemberReader() = default;

const std::vector<MemberView>* MemberReader::read(std::string_view object) {
  try {
    impl_->read(object);
  } catch (const simdjson::simdjson_error& error) {
    if (error.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    return nullptr;
  }
  return &impl_->members;
}

void MemberReader::Impl::read(std::string_view text) {
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(text);
  members.clear();
  ondemand::document document = parser.iterate(padded.data(), padded.size(), padded.capacity());
  for (auto field : document.get_object()) {
    MemberView& member = members.emplace_back();
    member.name = field.unescaped_key();
    read_value(field.value(), member);
  }
  const char* more = nullptr;
  if (document.current_location().get(more) == simdjson::SUCCESS) {
    throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
  }
}

// simdjson checks what it decodes: strings and the structure of this level. What stays text is
// checked here.
void MemberReader::Impl::read_value(ondemand::value value, MemberView& member) {
  switch (ondemand::json_type(value.type())) {
    case ondemand::json_type::string:
      member.kind = MemberKind::string;
      member.value = value.get_string();
      return;
    case ondemand::json_type::object: {
      ondemand::object object = value.get_object();
      member.value = object.raw_json();
      break;
    }
    case ondemand::json_type::array: {
      ondemand::array array = value.get_array();
      member.value = array.raw_json();
      break;
    }
    default:
      member.value = value.raw_json_token();
  }
  member.value = trim(member.value);
  if (!is_embeddable(member.value)) throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  member.kind = member.value == "null" ? MemberKind::null : MemberKind::other;
}

}  // namespace pgseed::json
