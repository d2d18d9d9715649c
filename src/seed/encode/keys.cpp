#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/encode/row_json.hpp"

#include <functional>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {

namespace {

std::string key_of(const ColumnSet& set, const std::vector<std::size_t>& positions,
                   const sql::Row& row, bool& is_only) {
  is_only = true;
  std::string key;
  for (const std::size_t position : positions) {
    const sql::Value& value = row.values[set.value_index[position]];
    if (value.form == sql::Form::null || value.form == sql::Form::use_default) return {};
    auto part = text_of_value(set, position, value);
    if (!part) return {};
    const Spelling spelling = set.spellings[position];
    // As append_row() sends it.
    if (spelling == Spelling::integer && value.form == sql::Form::number &&
        part->find('.') != std::string::npos) {
      *part = sql::rounded_to_integer(*part);
    }
    if (spelling != Spelling::one) is_only &= respell(spelling, *part);
    if (positions.size() > 1) key += text(part->size(), ':');
    key += *part;
  }
  // The empty string is a key as well; a NUL byte is in no other.
  if (!positions.empty() && key.empty()) key.push_back('\0');
  return key;
}

}  // namespace

std::string key_of(const ColumnSet& set, const sql::Row& row, bool& is_only) {
  return key_of(set, set.key, row, is_only);
}

std::string key_of(const ColumnSet& set, const sql::Row& row) {
  bool is_only = true;
  return key_of(set, set.key, row, is_only);
}

std::string key_of(const ColumnSet& set, const std::vector<std::size_t>& positions,
                   const sql::Row& row) {
  bool is_only = true;
  return key_of(set, positions, row, is_only);
}

const KeysOnTheWay::Place* KeysOnTheWay::find(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &found->second;
}

void KeysOnTheWay::put(const std::string& key, std::uint64_t group, std::size_t row) {
  places_[key] = {group, row};
}

void KeysOnTheWay::release(const std::vector<std::string>& keys, std::uint64_t group) {
  for (const std::string& key : keys) {
    const auto found = places_.find(key);
    if (found != places_.end() && found->second.group == group) places_.erase(found);
  }
}

namespace {

// 0 marks an empty slot.
std::uint64_t hash_of(const std::string& key) {
  const std::uint64_t hash = std::hash<std::string>{}(key);
  return hash == 0 ? 1 : hash;
}

}  // namespace

void SeenKeys::release() {
  std::vector<std::uint64_t>().swap(slots_);
  released_ = true;
}

bool SeenKeys::may_hold(const std::string& key) const {
  if (!exact_ || released_) return true;
  if (slots_.empty()) return false;
  const std::uint64_t hash = hash_of(key);
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & (slots_.size() - 1);
  return slots_[at] == hash;
}

bool SeenKeys::insert(const std::string& key) {
  if (released_) {
    exact_ = false;
    return true;
  }
  const std::uint64_t hash = hash_of(key);
  if (slots_.empty() || (count_ + 1) * 4 > slots_.size() * 3) grow();
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == hash) return false;
    if (slots_[at] != 0) continue;
    if (count_ >= most_) {
      exact_ = false;
      return true;
    }
    slots_[at] = hash;
    ++count_;
    return true;
  }
}

void SeenKeys::grow() {
  const std::size_t size = slots_.empty() ? 1024 : slots_.size() * 2;
  if (size > most_ * 2) return;
  std::vector<std::uint64_t> old(size, 0);
  old.swap(slots_);
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t at = hash & (size - 1);
    while (slots_[at] != 0) at = (at + 1) & (size - 1);
    slots_[at] = hash;
  }
}

}  // namespace pgseed::seed
