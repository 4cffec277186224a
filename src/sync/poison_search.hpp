#pragma once

#include <cstdint>
#include <optional>

#include "sink/batch.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// Finds the row of a segment that ends its statement or its session each time it is sent, which no error names: says
/// what of the segment to send next, and is told how that went. What is cut short is sent again in parts of a
/// sixteenth, down to one row, and what lands alone lands.
///
/// A server that is away, slow or about to restart does the same to any row. So the row is given up only when it alone
/// was cut short several times, and other rows of its table went in between each of them and the next. Pure.
class PoisonSearch {
 public:
  enum class What : std::uint8_t { send, try_other, give_up };
  struct Step {
    What what = What::send;
    std::uint64_t first_row = 1;
    std::uint64_t last_row = 1;
  };
  static constexpr std::uint32_t kOthersMax = 3;  // tried in vain between two tries of the row

  /// Rows of the segment; those of a retry need no others: they go back to where they came from.
  PoisonSearch(std::uint64_t rows, bool is_retry, std::uint64_t range_rows_max)
      : rows_(rows), is_retry_(is_retry), range_rows_max_(range_rows_max) {}

  /// `others_landed`: rows of its table that any batch has brought so far.
  Step next(std::uint64_t next_row, std::uint64_t others_landed);
  /// These were cut short. True: the search got on by it.
  bool cut_short(std::uint64_t first_row, std::uint64_t last_row, const Failure& failure, std::uint64_t others_landed);
  /// The same where others were in the batch: now alone, as it is.
  void begin(std::uint64_t last_row) { suspect_end_ = last_row, part_ = last_row; }
  /// What Step::try_other asked for.
  void other_went_in(bool so);
  /// Over when what was suspected has landed, or was given up.
  bool over(std::uint64_t next_row) const { return next_row > suspect_end_; }

  /// Why the row is given up.
  Batch::RefusedFor reason() const;
  /// For the line that tells of the failure.
  const char* aftermath() const;
  /// For the segment when it is over: less where it was not a row, but that they were too many for a statement.
  std::uint64_t range_rows_max() const;

 private:
  std::uint32_t tries_needed() const { return failure_.cut_short == CutShort::statement ? 3 : 5; }
  std::optional<std::uint64_t> other_row(std::uint64_t row) const;

  const std::uint64_t rows_;
  const bool is_retry_;
  const std::uint64_t range_rows_max_;

  std::uint64_t suspect_end_ = 0;  // some row up to here is the cause
  std::uint64_t part_ = 0;         // rows sent at once meanwhile
  std::uint64_t most_ = 0;         // that were cut short at once
  bool found_ = false;             // some row was given up
  Failure failure_;                // the last one

  // Of the row that was last cut short alone:
  std::uint64_t row_ = 0;
  std::uint32_t tries_ = 0;  // with others in between
  bool others_ = false;      // went in since
  std::uint64_t landed_then_ = 0;
  std::uint32_t in_vain_ = 0;  // others tried since
  std::uint64_t other_ = 0;    // which of them is the next
};

}  // namespace forebay
