#include "sink/postgres/row_search.hpp"

#include <algorithm>

namespace forebay {

RowSearch::Range RowSearch::range() const {
  if (named_) return next_ < *named_ ? Range{next_, *named_} : Range{next_, next_ + 1};
  return {next_, next_ + std::min(chunk_, rows_ - next_)};
}

std::optional<std::size_t> RowSearch::landed() {
  next_ = range().end;
  if (named_ && next_ == *named_) {
    if (sure_) return found(*named_);
    return std::nullopt;  // now that row alone
  }
  if (named_) {  // it was not that row after all
    named_.reset();
    suspect_end_ = 0;
  }
  chunk_ = suspect_end_ > next_ ? std::max<std::size_t>(1, (suspect_end_ - next_) / 2) : std::min(chunk_ * 2, rows_);
  return std::nullopt;
}

std::optional<std::size_t> RowSearch::refused(std::optional<std::uint64_t> line, bool sure) {
  const Range sent = range();
  if (sent.size() == 1) return found(sent.begin);
  if (line && *line >= 1 && *line <= sent.size()) {
    named_ = sent.begin + static_cast<std::size_t>(*line) - 1;
    sure_ = sure;
    if (sure && *named_ == next_) return found(next_);
    return std::nullopt;
  }

  named_.reset();
  suspect_end_ = sent.end;
  chunk_ = sent.size() / 2;
  return std::nullopt;
}

std::size_t RowSearch::found(std::size_t row) {
  chunk_ = std::max<std::size_t>(1, (row - behind_last_) / 2);
  next_ = behind_last_ = row + 1;
  suspect_end_ = 0;
  named_.reset();
  return row;
}

}  // namespace forebay
