#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/ledger.hpp"
#include "sink/postgres/row_search.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/table.hpp"
#include "sink/refusals.hpp"

namespace forebay {

/// What ends a search that has gone on for longer than it may beside other connections: see TableTurns.
struct SearchTooLong {
  const Stream* stream;
};

/// What ends an attempt where a temporary table cannot be made or filled: without one it may go.
struct NoStage {
  std::string why;  // what the server says, with its SQLSTATE
};

/// Brings the rows of one part to a PostgreSQL table, in the transaction that is open, by one of three ways. With
/// `search`, rows that the table refuses are found and left out; without it the first one's error is thrown.
///
/// Each try is one statement in one round trip (two for arrays), the savepoint's commands included; how many tries
/// there are at worst, RowSearch says.
class PostgresRows {
 public:
  enum class Search : bool { no, yes };

  PostgresRows(PostgresSession& session, const PostgresTable& table, const BatchPart& part, LedgerEntries& ledger,
               Search search)
      : session_(session),
        table_(table),
        part_(part),
        ledger_(ledger),
        dialect_(session.dialect()),
        search_(search == Search::yes) {}

  /// COPY straight into the table. False, and nothing is in, where a row is in the way of another, or Citus does not
  /// say what is: the staging way tells whether it is an older version of it. Or where many rows are refused, most of
  /// which that way finds without a try for each.
  bool copy_direct();
  /// COPY into a temporary table of that name, then an upsert of what is in it. Throws NoStage.
  /// `refuses`: the table has refused rows of late, so those that it probably will are looked for before they fail.
  void upsert_staged(const std::string& name, bool refuses);
  /// The same by way of arrays: for a role that may not create temporary tables.
  void upsert_arrays();

  /// In the order of the part's rows.
  std::vector<PartRefusal> take_refused();
  /// With this, a search may go on for so long, from the first refused row; then it throws SearchTooLong.
  void search_for(std::chrono::milliseconds limit) { search_limit_ = limit; }
  /// With this, too many rows refused for one reason end the search: DestinationFailure(schema). Must outlive it.
  void expect_most_to_fit(const RefusalRates& rates) { rates_ = &rates; }
  /// With this, what the table's code raises as an outage is one for some tries. Must outlive it.
  void try_again_first(RaisedTries& tries, const std::vector<BatchRange>& ranges) {
    raised_tries_ = &tries;
    ranges_ = &ranges;
  }
  /// These are some rows of a part that was sent before: that no other lands tells nothing.
  void are_left_over() { left_over_ = true; }

 private:
  // One savepoint at a time: a statement begins with what the one before it left to do.
  static constexpr const char* kSavepoint = "SAVEPOINT forebay_rows; ";
  static constexpr const char* kBack = "ROLLBACK TO SAVEPOINT forebay_rows; ";

  /// Sends rows, after the statements in `before`.
  using Send = std::function<void(RowSearch::Range range, const std::string& before)>;

  /// `rows`: how many; `row_at`: the part's index of each.
  void land(RowSearch search, const std::function<std::size_t(std::size_t)>& row_at, const std::string& copy_table,
            const Send& send);
  bool is_of_the_stage(const DestinationFailure& e) const;
  void run_or_go_back(const std::string& sql);
  std::vector<std::size_t> copy_to_stage(const std::string& name);
  bool upsert_whole_stage(const std::string& stage, std::size_t rows);
  struct Suspect {
    std::size_t row;
    std::string place;  // in the stage
    std::string kind;   // indexes of the suspicions that it meets
  };
  std::vector<Suspect> suspects(const std::string& stage);
  void upsert_suspects(const std::string& stage, const std::vector<Suspect>& suspects);
  void try_suspects(const std::string& stage, const std::vector<Suspect>& suspects);
  std::map<std::string, PartRefusal> shown_by(const std::vector<Suspect>& tried) const;
  std::string upsert_from(const std::string& item) const;
  bool to_be_searched(const DestinationFailure& e);
  void doubt(const DestinationFailure& e);
  void settle_doubt() const;
  void refuse(std::size_t row, const DestinationFailure& why);
  void refuse(PartRefusal refusal);
  void check_search_time();
  void upserted(std::uint64_t affected, std::size_t rows, const std::string& item,
                const std::vector<std::string>& parameters);

  PostgresSession& session_;
  const PostgresTable& table_;
  const BatchPart& part_;
  LedgerEntries& ledger_;
  const PostgresDialect& dialect_;
  bool search_;
  bool many_refused_ = false;
  bool some_landed_ = false;
  std::uint64_t doubts_ = 0;
  bool left_over_ = false;
  std::optional<DestinationFailure> doubted_;  // it may be the table that is wrong, and no row
  const RefusalRates* rates_ = nullptr;
  RaisedTries* raised_tries_ = nullptr;
  const std::vector<BatchRange>* ranges_ = nullptr;  // of the batch; not without raised_tries_
  std::optional<std::chrono::milliseconds> search_limit_;
  std::optional<std::chrono::steady_clock::time_point> searching_since_;
  std::vector<PartRefusal> refused_;
  RefusedByReason reasons_;
};

}  // namespace forebay
