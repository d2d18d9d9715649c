#include <algorithm>
#include <string>
#include <vector>

#include "loader_prepared.hpp"
#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/send/loader.hpp"

// What a loader does so that the rows of one key arrive in file order.
namespace pgseed::seed {

// Sees to it that rows of one key arrive in file order, and no key twice in one statement. The
// batch of the row is open.
void Loader::take_key(Prepared& prepared, const std::string& key) {
  Keys& keys = keys_of(prepared.set.table);
  const std::size_t table = prepared.set.table;
  const bool first_time = keys.seen.insert(key);
  if (setup_.resume != nullptr || setup_.sets_references) keys.sent.insert(key);
  prepared.open->repeats |= !first_time || !keys.seen.exact();
  const KeysOnTheWay::Place* const place = keys.on_the_way.find(key);
  const bool upsert = setup_.options->mode == Mode::upsert;
  if (place == nullptr) {
    if (!first_time && upsert) setup_.tally->superseded(table, true);
    return;
  }
  if (place->group == prepared.open->group) {
    if (!upsert) {  // the first one stays, also if the batch has to be taken apart
      prepared.open->in_turn = true;
      return;
    }
    // In one statement a key may come once only: the last one wins.
    prepared.open->rows[place->row].dropped = true;
    setup_.tally->superseded(table, false);
    return;
  }
  if (upsert) setup_.tally->superseded(table, true);
  const std::uint64_t group = place->group;
  for (const auto& other : prepared_) {
    if (other->open && other->open->group == group) {
      flush(*other);
      break;
    }
  }
  std::vector<std::uint64_t>& after = prepared.open->after;
  if (std::find(after.begin(), after.end(), group) == after.end()) after.push_back(group);
}

// A key came whose other spellings only the server knows. From here on the table's batches go one
// after the other, this one behind all before it, so that the rows of a key arrive in file order.
void Loader::go_in_order(Prepared& prepared) {
  Keys& keys = keys_of(prepared.set.table);
  // What an INSERT stored has each key once.
  if (keys.in_order || setup_.only_references) return;
  keys.in_order = true;
  keys.seen.give_up();
  keys.sent.give_up();
  for (Prepared* const each : prepared_of_[prepared.set.table]) each->set.serial = true;
  // The keys of rows that wait in other batches are all known; only the row at hand must not
  // overtake them.
  flush_others_of_table(prepared);
  if (prepared.open) prepared.open->serial = true;
}

// Was a row of this key, or perhaps of it, sent before in this run or pass? What has no key cannot
// overwrite anything.
bool Loader::may_have_been_sent(const Prepared& prepared, const sql::Row& row) {
  const SeenKeys& sent = keys_of(prepared.set.table).sent;
  if (sent.is_empty()) return false;
  bool is_only = true;
  const std::string key = key_of(prepared.set, row, is_only);
  return !key.empty() && (!is_only || sent.may_hold(key));
}

// Rows that refer to earlier ones need those of other column sets to be on their way before them.
void Loader::flush_others_of_table(const Prepared& prepared) {
  for (const auto& other : prepared_) {
    if (other.get() != &prepared && other->open && other->set.table == prepared.set.table) {
      flush(*other);
    }
  }
}

}  // namespace pgseed::seed
