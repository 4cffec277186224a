#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/ledger.hpp"
#include "sink/postgres/rows.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/table.hpp"
#include "sink/refusals.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// Checks of a fresh connection; throws DestinationFailure. Returns what each transaction has to start with.
struct PostgresServer {
  std::string prelude;       // SET LOCAL …: fit for poolers in transaction mode, which hand sessions around
  bool temp_tables = false;  // the role may create them
  std::string identity;      // empty where it cannot be told
  std::optional<Failure> takes_no_writes;  // a standby, or transactions are read-only: to look at, it will do
};
PostgresServer check_server(PostgresSession& session, const PostgresTarget& target, const DestinationOptions& options);
/// How long the server lets a statement wait for a lock.
std::chrono::milliseconds lock_timeout(const PostgresTarget& target);

/// Where no row of a stream was sent, none is refused: what forebay does for itself is.
Failure without_rows(Failure failure);

/// Which server answered last, of all connections of a destination. Thread-safe.
class ServerMet {
 public:
  void meet(const std::string& identity) {
    const std::lock_guard lock(mutex_);
    if (identity.empty()) return;
    if (!last_.empty() && identity != last_) ++changes_;
    last_ = identity;
  }
  std::uint64_t changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  /// Another one answered since.
  bool left(const std::string& identity) const {
    const std::lock_guard lock(mutex_);
    return !identity.empty() && identity != last_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_;
  std::uint64_t changes_ = 0;
};

/// What was told of what, by all connections of a destination. Thread-safe.
class ToldOnce {
 public:
  /// True where nothing was told of `name` before.
  bool tell(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return told_.insert(name).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> told_;  // guarded by mutex_
};

/// What all connections of one destination share.
struct PostgresShared {
  Watchdog watchdog;
  RefusalRates rates;
  RaisedTries raised_tries;
  TableTurns turns;
  Told told;
  ToldOnce unlogged;
  Told without_stage;
  ServerMet server;
};

/// One connection that brings batches to PostgreSQL.
class PostgresSink final : public Sink {
 public:
  PostgresSink(PostgresTarget target, DestinationOptions options, std::shared_ptr<PostgresShared> shared,
               StreamsInUse in_use);
  ~PostgresSink() override;

  [[nodiscard]] std::optional<Failure> open() override;
  [[nodiscard]] WriteOutcome write(Batch& batch, const KeepRefused& keep) override;
  void close() noexcept override;
  std::map<std::uint64_t, std::uint64_t> landed_rows(const std::string& buffer, std::uint64_t first,
                                                     std::uint64_t last) override;
  void accept_server() override { changes_accepted_ = changes_met_; }

 private:
  struct Target {
    const Stream* stream;
    PostgresTable table;
    DirectWay way;
    bool refuses;  // the last batch that went by staging had refused rows
  };

  /// Of a batch's tables.
  struct OwnCode {
    bool any = false, deferred = false;
  };

  void connect();
  void prepare_server();
  std::optional<Failure> prepare(const Batch& batch);
  void tell_server();
  void tell_unlogged();
  void find_ledger();
  void look_up(const std::vector<const Stream*>& streams);
  void look_up_one(const Stream& stream);
  bool has_target(const Stream* stream) const;
  bool find_target(const Stream& stream);
  void check_grants();
  void expect_grants(const Stream& stream);
  void check_same_server();
  void begin(const Batch& batch);
  void begin_on_known_tables(const Batch& batch);
  std::optional<WriteOutcome> write_in_turn(Batch& batch, const KeepRefused& keep, const TableTurns::Turn& turn);
  Failure explained(const DestinationFailure& e, const Batch& batch) noexcept;
  std::string lacking_policies();
  void do_without_stage(const NoStage& stage);
  void judge_commit(DestinationFailure& e);
  void name_commit_wait(int backend, Failure& failure) noexcept;
  bool may_be_lock_wait(const std::string& sqlstate) const;
  CutShort cut_short_by(const DestinationFailure& e) const;
  void name_lock_holder(const Batch& batch, Failure& failure) noexcept;
  Written send(Batch& batch, const KeepRefused& keep, const TableTurns::Turn& turn);
  std::vector<std::vector<LandedSpan>> landed_spans(const Batch& batch);
  std::vector<PartRefusal> send_part(PostgresRows& rows, const BatchPart& part, bool again);
  void write_ledger(const Batch& batch, const LedgerEntries& ledger);
  OwnCode own_code_of(const Batch& batch);
  Target& target_of(const Stream* stream);

  const PostgresTarget target_;
  const DestinationOptions options_;
  const std::shared_ptr<PostgresShared> shared_;
  const StreamsInUse in_use_;

  std::uint64_t changes_accepted_ = 0;  // of ServerMet::changes()
  std::uint64_t changes_met_ = 0;
  std::unique_ptr<PostgresSession> session_;
  PostgresServer server_;
  std::string ledger_table_;
  bool ledger_may_have_code_ = false;         // when the batch began
  std::vector<std::string> ledger_unlogged_;  // PostgresTable::unlogged
  std::vector<const Stream*> granted_;        // the role may write to their tables, as far as the catalogs tell
  std::vector<Target> targets_;               // of streams whose rows came on this connection
  bool sending_rows_ = false;                 // of a stream, and nothing else
  bool committing_ = false;
  bool check_at_once_ = false;  // a deferred constraint broke at COMMIT: from now on they are not deferred
  std::uint32_t stages_ = 0;    // temporary tables that the transaction has made
};

}  // namespace forebay
