#include "pgseed/seed/ledger/resume.hpp"

#include <algorithm>
#include <utility>

namespace pgseed::seed {

Resume::Resume(LedgerState state) : state_(std::move(state)) {
  for (const LedgerTable& table : state_.tables) {
    tables_.push_back(std::unique_ptr<Table>(new Table(*this, table)));
    for (const auto& [first, piece] : table.rows) {
      if (piece.state == RowState::stored || piece.state == RowState::unchanged) {
        left_[piece.batch].all_proven += piece.last - first + 1;
      }
      if (piece.state != RowState::maybe) continue;
      Left& left = left_[piece.batch];
      left.maybe += piece.last - first + 1;
      left.all_maybe = left.maybe;
    }
  }
  for (const auto& [number, batch] : state_.batches) {
    if (!batch.answered) continue;
    left_[number].stored = batch.stored;
    left_[number].ignored = batch.ignored;
  }
}

Resume::Table* Resume::find(const TableName& name) {
  const auto found = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const auto& table) { return table->known().name == name; });
  return found == tables_.end() ? nullptr : found->get();
}

bool Resume::is_whole(std::uint64_t number) const {
  const auto left = left_.find(number);
  return left != left_.end() && left->second.all_maybe == count(batch(number).rows);
}

bool Resume::is_untouched(std::uint64_t number) const {
  const auto left = left_.find(number);
  return left != left_.end() && left->second.all_proven == count(batch(number).rows);
}

Proven Resume::Table::look_up(std::uint64_t row) {
  while (next_ != table_.rows.end() && next_->second.last < row) ++next_;
  if (next_ == table_.rows.end() || row < next_->first) return {};
  const LedgerTable::Piece& piece = next_->second;
  switch (piece.state) {
    case RowState::maybe: {
      Left& left = owner_.left_[piece.batch];
      return {Proof::maybe, piece.batch, --left.maybe == 0};
    }
    case RowState::stored: {
      // Which rows of a batch were ignored or left out nobody knows; their number is right.
      Left& left = owner_.left_[piece.batch];
      if (left.stored > 0) {
        --left.stored;
        return {Proof::loaded, piece.batch};
      }
      if (left.ignored == 0) return {Proof::left_out, piece.batch};
      --left.ignored;
      return {Proof::ignored, piece.batch};
    }
    case RowState::superseded:
      return {Proof::superseded};
    case RowState::rejected:
      return {Proof::rejected};
    case RowState::unchanged:
      return {Proof::unchanged, piece.batch};
  }
  return {};
}

}  // namespace pgseed::seed
