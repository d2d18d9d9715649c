#include "pgseed/json/settings.hpp"

#include <simdjson.h>

#include <new>
#include <string>
#include <unordered_set>
#include <utility>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::json {
namespace {

namespace ondemand = simdjson::ondemand;

class Reader {
 public:
  explicit Reader(std::string_view object) : padded_(object) {
    padded_.reserve(object.size() + simdjson::SIMDJSON_PADDING);
    decoded_.resize(padded_.capacity());
    passed_ = padded_.data();
  }

  Setting read() {
    ondemand::document document =
        parser_.iterate(padded_.data(), padded_.size(), padded_.capacity());
    Setting top;
    top.kind = SettingKind::table;
    top.place = {1, 1};
    read_members(document.get_object(), top);
    return top;
  }

 private:
  void read_members(ondemand::object object, Setting& table) {
    std::unordered_set<std::string> names;
    for (auto field : object) {
      SettingMember member;
      const ondemand::raw_json_string name = field.key();
      member.place = place_of(name.raw() - 1);
      member.name = unescape(name);
      member.setting = read_value(field.value());
      if (!names.insert(member.name).second) {
        throw SettingProblem{member.place, text('\'', member.name, "' is said twice")};
      }
      table.members.push_back(std::move(member));
    }
  }

  Setting read_value(ondemand::value value) {
    Setting setting;
    const std::string_view token = trim(std::string_view(value.raw_json_token()));
    setting.place = place_of(token.data());
    switch (ondemand::json_type(value.type())) {
      case ondemand::json_type::string:
        setting.kind = SettingKind::text;
        setting.value = unescape(value.get_raw_json_string());
        break;
      case ondemand::json_type::object:
        setting.kind = SettingKind::table;
        read_members(value.get_object(), setting);
        break;
      case ondemand::json_type::array:
        setting.kind = SettingKind::list;
        for (auto item : value.get_array()) setting.items.push_back(read_value(item.value()));
        break;
      case ondemand::json_type::null:
        break;
      case ondemand::json_type::boolean:
        setting.kind = SettingKind::boolean;
        setting.value = token;
        break;
      case ondemand::json_type::number:
        setting.kind = token.find_first_of(".eE") == std::string_view::npos ? SettingKind::integer
                                                                            : SettingKind::number;
        setting.value = token;
        break;
    }
    return setting;
  }

  // simdjson 3.0 does not look whether it got memory for its own room.
  std::string unescape(ondemand::raw_json_string raw) {
    auto* room = reinterpret_cast<std::uint8_t*>(decoded_.data());
    return std::string(std::string_view(parser_.unescape(raw, room)));
  }

  // Asked from the front of the text to its end.
  Place place_of(const char* where) {
    const std::string_view passed(passed_, static_cast<std::size_t>(where - passed_));
    const std::size_t line_end = passed.rfind('\n');
    if (line_end != std::string_view::npos) {
      place_.line += count_newlines(passed.data(), passed.data() + passed.size());
      place_.column = 1;
    }
    place_.column += count_characters(passed.substr(line_end + 1));  // npos + 1 is 0
    passed_ = where;
    return place_;
  }

  ondemand::parser parser_;
  std::string padded_;
  std::string decoded_;  // room for any string of the text
  const char* passed_ = nullptr;
  Place place_{1, 1};
};

}  // namespace

Setting parse_settings(std::string_view object) {
  const std::string_view trimmed = trim(object);
  // What the library passes over it does not check, hence the walk over the grammar first.
  if (trimmed.empty() || trimmed.front() != '{' || !is_embeddable(trimmed)) {
    throw SettingProblem{{}, "this is no JSON object"};
  }
  try {
    return Reader(object).read();
  } catch (const simdjson::simdjson_error& error) {
    if (error.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    throw SettingProblem{{}, "this is no JSON object"};
  }
}

}  // namespace pgseed::json
