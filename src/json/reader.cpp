#include "pgseed/json/reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <new>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::json {
namespace {

namespace ondemand = simdjson::ondemand;

// Parser and padded copy of the text, kept from call to call so that short texts cost no
// allocation. The document borrows from both, so there is one at a time in a thread.
struct Workshop {
  ondemand::parser parser;
  std::string padded;
  std::string decoded;  // room for any string of the text

  ondemand::document open(std::string_view text) {
    padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    padded.assign(text);
    decoded.resize(std::max(decoded.size(), padded.capacity()));
    return parser.iterate(padded.data(), padded.size(), padded.capacity());
  }

  // simdjson 3.0 does not look whether it got memory for its own room.
  std::string unescape(ondemand::raw_json_string raw) {
    auto* room = reinterpret_cast<std::uint8_t*>(decoded.data());
    return std::string(std::string_view(parser.unescape(raw, room)));
  }
};

Workshop& workshop() {
  thread_local Workshop one;
  return one;
}

Member read_value(ondemand::value value) {
  Member member;
  switch (ondemand::json_type(value.type())) {
    case ondemand::json_type::string:
      member.was_string = true;
      member.value.emplace(workshop().unescape(value.get_raw_json_string()));
      break;
    case ondemand::json_type::object: {
      ondemand::object object = value.get_object();
      member.value.emplace(trim(std::string_view(object.raw_json())));
      break;
    }
    case ondemand::json_type::array: {
      ondemand::array array = value.get_array();
      member.value.emplace(trim(std::string_view(array.raw_json())));
      break;
    }
    case ondemand::json_type::null:
      break;
    default:
      member.value.emplace(trim(value.raw_json_token()));
  }
  return member;
}

// What simdjson skips over it does not check, hence the walk over the grammar first.
bool begins_with(std::string_view text, char bracket) {
  const auto trimmed = trim(text);
  return !trimmed.empty() && trimmed.front() == bracket && is_embeddable(trimmed);
}

}  // namespace

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::optional<std::vector<Member>> try_read_object(std::string_view text) {
  if (!begins_with(text, '{')) return std::nullopt;
  try {
    auto document = workshop().open(text);
    std::vector<Member> members;
    for (auto field : document.get_object()) {
      std::string name = workshop().unescape(field.key());
      members.push_back(read_value(field.value()));
      members.back().name = std::move(name);
    }
    return members;
  } catch (const simdjson::simdjson_error& error) {
    if (error.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    return std::nullopt;  // an escape that is no character, such as a lone surrogate
  }
}

std::optional<std::vector<Member>> try_read_array(std::string_view text) {
  if (!begins_with(text, '[')) return std::nullopt;
  try {
    auto document = workshop().open(text);
    std::vector<Member> elements;
    for (auto element : document.get_array()) elements.push_back(read_value(element.value()));
    return elements;
  } catch (const simdjson::simdjson_error& error) {
    if (error.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    return std::nullopt;
  }
}

std::vector<Member> read_object(std::string_view object) {
  auto members = try_read_object(object);
  if (!members) throw Error(ErrorKind::input, "this is not a JSON object");
  return *std::move(members);
}

const std::string* find(const std::vector<Member>& members, std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& member) {
    return member.name == name && member.value;
  });
  return found == members.end() ? nullptr : &*found->value;
}

}  // namespace pgseed::json
