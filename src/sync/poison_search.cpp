#include "sync/poison_search.hpp"

#include <algorithm>
#include <bit>

namespace forebay {

PoisonSearch::Step PoisonSearch::next(std::uint64_t next_row, std::uint64_t others_landed) {
  if (tries_ == 0 || row_ != next_row) return {What::send, next_row, std::min(suspect_end_, next_row + part_ - 1)};
  if (tries_ >= tries_needed()) {
    found_ = true;
    return {What::give_up, row_, row_};
  }
  others_ = others_ || is_retry_ || others_landed > landed_then_;
  const auto other = other_row(row_);
  if (!others_ && in_vain_ < kOthersMax && other) return {What::try_other, *other, *other};
  return {What::send, row_, row_};
}

bool PoisonSearch::cut_short(std::uint64_t first_row, std::uint64_t last_row, const Failure& failure,
                             std::uint64_t others_landed) {
  failure_ = failure;
  const std::uint64_t rows = last_row - first_row + 1;
  most_ = std::max(most_, rows);
  suspect_end_ = last_row;
  if (rows > 1) {
    part_ = std::max<std::uint64_t>(1, rows / 16);
    tries_ = 0;
    return true;
  }
  const bool again = row_ == first_row && tries_ > 0;
  const bool counts = !again || others_;
  tries_ = again && others_ ? tries_ + 1 : 1;
  row_ = first_row;
  others_ = false;
  landed_then_ = others_landed;
  in_vain_ = 0;
  return counts;
}

void PoisonSearch::other_went_in(bool so) {
  if (so) {
    others_ = true;
  } else {
    ++in_vain_;
    ++other_;
  }
}

/// First those behind it, which have not landed, then those before it: nearby ones and ones far away.
std::optional<std::uint64_t> PoisonSearch::other_row(std::uint64_t row) const {
  const std::uint64_t behind = std::bit_width(rows_ - row);
  const std::uint64_t before = std::bit_width(row - 1);
  if (behind + before == 0) return std::nullopt;
  const std::uint64_t which = other_ % (behind + before);
  return which < behind ? row + (std::uint64_t{1} << which) : row - (std::uint64_t{1} << (which - behind));
}

Batch::RefusedFor PoisonSearch::reason() const {
  const std::string times = std::to_string(tries_) + " times";
  const std::string between = is_retry_ ? "" : ", while other rows of its table went in between";
  if (failure_.cut_short == CutShort::statement) {
    return {failure_.sqlstate,
            "this row's statement took longer than SYNC_STATEMENT_TIMEOUT, " + times + between +
                ": look for what is slow in the table's triggers and defaults, and in the server's log"};
  }
  const std::string sqlstate = failure_.sqlstate.empty() ? "08006" : failure_.sqlstate;
  if (failure_.cut_short == CutShort::no_answer) {
    return {sqlstate, "no answer came within SYNC_STATEMENT_TIMEOUT each time this row was sent, " + times + between};
  }
  return {sqlstate, "the server ended the session each time this row was sent, " + times + between +
                        ": its log says what ended it"};
}

const char* PoisonSearch::aftermath() const {
  if (tries_ == 0) return "; its rows are sent again in smaller parts";
  return "; it is one row that meets this, which is sent again, and goes to quarantine if only it does";
}

std::uint64_t PoisonSearch::range_rows_max() const {
  if (found_ || failure_.cut_short == CutShort::session || most_ <= 1) return range_rows_max_;
  return std::max<std::uint64_t>(1, most_ / 2);
}

}  // namespace forebay
