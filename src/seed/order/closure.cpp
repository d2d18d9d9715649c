#include "pgseed/seed/order/closure.hpp"

#include <algorithm>

namespace pgseed::seed {

void Closure::row(std::size_t table, std::uint64_t number, bool chosen,
                  const std::vector<Key>& keys, const std::vector<Key>& references) {
  if (chosen) {
    if (pass_ > 1) return;
  } else {
    const bool wanted = std::any_of(keys.begin(), keys.end(), [&](Key key) {
      const auto found = states_.find(key);
      return found != states_.end() && is_unmet(found->second);
    });
    if (!wanted || !pulled_.insert(name_of(table, number)).second) return;
  }
  if (keys.empty() && references.empty()) return;
  Node node{table, number, chosen, false, values_.size(), 0, 0};
  values_.insert(values_.end(), keys.begin(), keys.end());
  node.references = values_.size();
  values_.insert(values_.end(), references.begin(), references.end());
  node.end = values_.size();
  nodes_.push_back(node);
  for (const Key key : keys) ++states_[key].providers;
  for (const Key key : references) {
    State& state = states_[key];
    if (state.wanted_in == 0) state.wanted_in = pass_;
  }
}

bool Closure::wants_pass() const {
  // A key that was wanted from the beginning of a whole pass is in none of its rows.
  return std::any_of(states_.begin(), states_.end(), [&](const auto& each) {
    return is_unmet(each.second) && each.second.wanted_in == pass_;
  });
}

bool Closure::is_missing(Key key) const {
  const auto found = states_.find(key);
  return found != states_.end() && is_unmet(found->second);
}

bool Closure::any_missing() const {
  return std::any_of(states_.begin(), states_.end(),
                     [&](const auto& each) { return is_unmet(each.second); });
}

void Closure::found_elsewhere(Key key) {
  states_[key].found = State::elsewhere;
}

bool Closure::drop() {
  for (auto& [key, state] : states_) {
    if (is_unmet(state)) state.found = State::absent;
  }
  bool more = false;
  for (Node& node : nodes_) {
    if (node.dropped) continue;
    const bool dangles =
        std::any_of(values_.begin() + static_cast<std::ptrdiff_t>(node.references),
                    values_.begin() + static_cast<std::ptrdiff_t>(node.end), [&](Key key) {
                      const State& state = states_.at(key);
                      return state.providers == 0 && state.found == State::absent;
                    });
    if (!dangles) continue;
    node.dropped = true;
    for (std::size_t at = node.keys; at < node.references; ++at) {
      State& state = states_[values_[at]];
      --state.providers;
      more |= is_unmet(state);
    }
  }
  return more;
}

std::unordered_map<std::size_t, Selection> Closure::selections() const {
  // Rows that were pulled in for a row that is left out are not needed.
  std::unordered_multimap<Key, std::size_t> providers;
  std::vector<bool> needed(nodes_.size(), false);
  std::vector<std::size_t> waiting;
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    const Node& node = nodes_[index];
    if (node.dropped) continue;
    if (node.chosen) {
      needed[index] = true;
      waiting.push_back(index);
      continue;
    }
    for (std::size_t at = node.keys; at < node.references; ++at) {
      providers.emplace(values_[at], index);
    }
  }
  while (!waiting.empty()) {
    const Node& node = nodes_[waiting.back()];
    waiting.pop_back();
    for (std::size_t at = node.references; at < node.end; ++at) {
      const auto [from, to] = providers.equal_range(values_[at]);
      for (auto provider = from; provider != to; ++provider) {
        if (needed[provider->second]) continue;
        needed[provider->second] = true;
        waiting.push_back(provider->second);
      }
    }
  }
  std::unordered_map<std::size_t, Selection> selections;
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    const Node& node = nodes_[index];
    Selection& selection = selections[node.table];
    if (node.chosen && node.dropped) selection.left_out.push_back(node.number);
    if (!node.chosen && needed[index]) selection.pulled.push_back(node.number);
  }
  for (auto& [table, selection] : selections) {
    std::sort(selection.pulled.begin(), selection.pulled.end());
    std::sort(selection.left_out.begin(), selection.left_out.end());
  }
  return selections;
}

}  // namespace pgseed::seed
