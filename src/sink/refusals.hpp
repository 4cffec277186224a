#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sink/batch.hpp"
#include "sink/ledger.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// A row of a part that its table refuses.
struct PartRefusal {
  std::size_t row = 0;  // index into BatchPart::rows
  std::string sqlstate;
  std::string constraint;
  std::string message;
  bool by_code = false;  // that somebody gave the table
};

/// SQLSTATE of a row that its table took without an error and did not keep: SQL's own for a triggered action.
inline constexpr const char* kTriggeredAction = "09000";

/// SQLSTATE and constraint.
using RefusalReason = std::pair<std::string, std::string>;

/// Counts of refused rows by reason, for one stream.
using RefusedByReason = std::map<RefusalReason, std::uint64_t>;

/// Tells a table that no longer fits a stream from rows that do not fit the table: more than half of at least 100 rows
/// refused for one reason. Batches smaller than that are counted together. Once rows of a judged batch went to
/// quarantine for a reason, it takes three quarters of a batch: else of a table that refuses about half, chance would
/// let some batches through and stop at the next. Pure.
class RefusalRate {
 public:
  static constexpr std::uint64_t kRowsMin = 100;

  /// Whether so many of one batch are too many.
  bool is_over(std::uint64_t rows, std::uint64_t refused, const RefusalReason& reason) const;
  /// Whether it is so of one reason, with the batch that is about to be committed.
  bool over(std::uint64_t rows, const RefusedByReason& refused) const;
  /// That batch is committed.
  void landed(std::uint64_t rows, const RefusedByReason& refused);

 private:
  std::uint64_t rows_ = 0;
  RefusedByReason refused_;
  std::set<RefusalReason> let_through_;
};

/// Rates by stream, over the batches that all connections of one destination bring. Thread-safe.
class RefusalRates {
 public:
  /// Whether so many rows of one batch of the stream are too many.
  bool is_over(const Stream& stream, std::uint64_t rows, std::uint64_t refused, const RefusalReason& reason) const;
  /// Throws DestinationFailure(schema) if a stream's table refuses too much of it.
  void judge(const Batch& batch, const std::vector<RefusedRow>& refused) const;
  void landed(const Batch& batch, const std::vector<RefusedRow>& refused);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, RefusalRate> rates_;  // guarded by mutex_
};

/// The failure that this makes of a batch; `message`: what was said of one of the rows.
Failure schema_failure(const Stream& stream, const std::string& sqlstate, const std::string& message);

/// True where another row of the batch can be what is missing or in the way: such a row is tried once more when the
/// others are in.
bool may_land_later(std::string_view sqlstate) noexcept;

/// Sends a part's rows and returns those that are refused; `again`: they are some of a part that was sent before.
using SendPart = std::function<std::vector<PartRefusal>(const BatchPart& part, bool again)>;

/// Rows of a part that was sent, in order, which the destination took and did not keep.
using FindNotKept = std::function<std::vector<PartRefusal>(const BatchPart& part)>;

/// Sends the batch's parts; then what is refused for the sake of other rows (foreign keys, unique indexes) once more;
/// then, of each key whose row is refused, the next older one, and so on. Returns the rows that stay refused, which
/// the ledger then counts as such. `not_kept`, where given, is asked for every part sent after each such round, since
/// what comes later may take away what came before.
std::vector<RefusedRow> send_parts(const Batch& batch, LedgerEntries& ledger, const SendPart& send,
                                   const FindNotKept& not_kept = {});

}  // namespace forebay
