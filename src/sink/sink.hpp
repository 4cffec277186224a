#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/row_set.hpp"
#include "forebay/error.hpp"
#include "forebay/stream.hpp"
#include "sink/batch.hpp"

namespace forebay {

/// What a failure spoils, and so what to do next.
enum class FailureClass : std::uint8_t {
  retry_batch,      ///< the same batch again, after a pause (40001, 40P01, 55P03)
  retry_half,       ///< the same with half the range (57014)
  reconnect,        ///< the connection is gone, nothing of the batch landed (08xxx, 57P01, broken socket)
  in_doubt,         ///< the connection was lost after COMMIT was sent: send again with maybe_sent
  another_server,   ///< another server answers, and nothing of the batch was sent to it: Sink::accept_server()
  unfit_for_now,    ///< the destination says come back later (25006, 53xxx, 57P03, away)
  login_or_target,  ///< 28xxx, 3D000, 3F000, clock apart: a person must mend it
  schema,           ///< 42xxx, columns that do not fit, not UTF-8: a person must mend it
  row_refused,      ///< a row's content (22xxx, 23xxx except the key's own index)
  other             ///< retried, reported
};
std::string_view to_string(FailureClass c) noexcept;

/// What ended while a stream's rows were on their way, so that one of these rows may be why.
enum class CutShort : std::uint8_t {
  nothing,    ///< something else failed
  statement,  ///< by the server's statement timeout, which no wait for a lock reaches
  session,    ///< the server ended it, or it broke
  no_answer   ///< our own deadline ended the wait for an answer
};

/// message is one line for a person: what failed, on what, why, what to do. No secrets, no row content.
struct Failure {
  FailureClass failure_class = FailureClass::other;
  std::string sqlstate;
  std::string message;
  CutShort cut_short = CutShort::nothing;
  /// Whose table is wrong, for itself alone: rows of other streams may land. Null: that is not so, or not known.
  const Stream* stream = nullptr;
};

/// Counts of one range: what this write and (where maybe_sent) earlier ones brought there.
/// synced + superseded + quarantined = rows of the range, once all of it has landed.
struct RangeResult {
  std::uint64_t synced = 0;       // landed, or already there at the same version
  std::uint64_t superseded = 0;   // a newer version of their key is in the batch or at the destination
  std::uint64_t quarantined = 0;  // refused
};

struct Written {
  std::vector<RangeResult> ranges;  // as Batch::ranges
};

using WriteOutcome = std::variant<Written, Failure>;

/// A row that the destination refuses for what it contains.
struct RefusedRow {
  std::uint32_t range = 0;   // index into Batch::ranges
  std::uint64_t number = 0;  // row number in the range's segment
  std::int64_t version = 0;
  const Value* values = nullptr;  // stream->columns.size() of them; lives as long as the batch
  std::string sqlstate;
  std::string constraint;  // where named
  std::string message;     // one line, without row content
};

/// Keeps refused rows durably, before their batch's COMMIT is sent: at most one call per write, with all of them. What
/// it throws ends the write: the batch is rolled back and the exception passed on.
using KeepRefused = std::function<void(const Batch&, const std::vector<RefusedRow>&)>;

/// One connection to a destination. Used by one thread at a time. Constructing does not connect.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// Connects unless connected, and makes sure of encoding, clock, schema (created and migrated on first use) and the
  /// tables of all streams in use. On failure the sink is as unopened; open() may be called again.
  [[nodiscard]] virtual std::optional<Failure> open() = 0;

  /// Sends the batch in one transaction: locks of its ranges, rows, ledger rows, COMMIT. Connects first if need be, and
  /// looks up the tables of those of its streams that it has not met on this connection, making what is missing: those
  /// of other streams are left alone.
  /// On Written all of it is committed durably. On Failure nothing of it is, except for in_doubt, when that is not
  /// known.
  /// Calls batch.build(); rows lose to newer versions of their key, never the other way.
  /// Rows that the destination refuses are handed to `keep`, and the rest lands: of a key whose newest row is refused
  /// the next older one of the batch. Without `keep` a refused row fails the batch (row_refused). So do, as `schema`,
  /// too many rows of a stream that are refused for one reason (RefusalRate): then nothing is kept.
  /// Of a batch with `refused_for` the rows count as refused unsent. One that is a `trial` is rolled back where it
  /// would be committed, and its Written is empty. Only a sink whose failures have a `cut_short` gets either.
  [[nodiscard]] virtual WriteOutcome write(Batch& batch, const KeepRefused& keep = {}) = 0;

  /// Drops the connection. Called also while nothing is wrong (stop).
  virtual void close() noexcept = 0;

  /// After another_server: rows that the batch ledger there has of a buffer's segments first … last, by segment; none
  /// of a segment: it is left out. Throws Error(destination).
  virtual std::map<std::uint64_t, std::uint64_t> landed_rows(const std::string& buffer, std::uint64_t first,
                                                             std::uint64_t last) {
    (void)buffer, (void)first, (void)last;
    return {};
  }
  /// Batches may go to that server from now on.
  virtual void accept_server() {}
};

/// One applied or applicable migration (sql/<dialect>/NNNN_name.up.sql).
struct MigrationState {
  int number = 0;
  std::string name;
  bool applied = false;
  bool changed = false;    ///< applied with another checksum than the file compiled in
  std::string applied_at;  ///< RFC 3339, empty when not applied
};

/// What the batch ledger holds of one buffer and stream.
struct LedgerTotals {
  std::string stream;  ///< empty: ranges that an earlier release brought, which did not note it
  std::uint64_t rows = 0;
  std::uint64_t synced = 0;
  std::uint64_t superseded = 0;
  std::uint64_t quarantined = 0;  ///< refused, and not brought by a later retry to this destination
};

/// The clock that stamps records, in microseconds since 1970.
struct StampClock {
  std::int64_t now_us = 0;
  std::int64_t newest_us = 0;  ///< handed out, or reserved by an earlier process: the next record is stamped no lower
};

struct DestinationOptions {
  std::chrono::milliseconds connect_timeout{10'000};    // of each server's each address
  std::chrono::milliseconds statement_timeout{60'000};  // of each statement, COPY and COMMIT
  std::chrono::seconds clock_tolerance{300};
  /// What is compared with the server's clock at connect; empty: the wall clock.
  std::function<StampClock()> stamp_clock;
  /// Called after that: how much the clock is ahead of the server's (below 0: behind) when that is more than
  /// clock_tolerance, else 0. From the thread that calls the sink; must not throw.
  std::function<void(std::int64_t ahead_us)> clock_compared;
  /// One line for the log: "migrated …", "adopted table …". Called from the thread that calls the sink.
  std::function<void(const std::string&)> note;
  /// The same for what is odd and works for now; where it is empty, `note` is called.
  std::function<void(const std::string&)> warn;
};

class Comparer;

using StreamsInUse = std::function<std::vector<const Stream*>()>;

/// What rows will meet at a destination that a connection finds well. `stops`: they will not land then.
struct Foreseen {
  bool stops = false;
  std::string message;
};

/// Where rows go, and what can be done there besides writing. Thread-safe.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  /// For people and manifests, without secrets: "postgresql://user@host:5432/db", "sqlite:/var/lib/forebay/catalog.db".
  virtual std::string description() const = 0;
  /// What the server turned out to be and how it is spoken to, once a connection found out; empty where there is
  /// nothing to say (PostgreSQL, SQLite).
  virtual std::string server() const { return {}; }
  /// Connections that make sense at once (1 for SQLite).
  virtual int connections_max() const = 0;
  /// `in_use`: streams that rows may come of, asked for whenever the sink connects, so that a message about what the
  /// tables lack names all of it. The streams must outlive the sink.
  virtual std::unique_ptr<Sink> make_sink_for(StreamsInUse in_use) = 0;
  std::unique_ptr<Sink> make_sink(const std::vector<const Stream*>& streams) {
    return make_sink_for([streams] { return streams; });
  }

  /// Looks what is there of given rows, and changes nothing.
  virtual std::unique_ptr<Comparer> make_comparer() = 0;

  /// How often a connection led to another server than the one before: of another system or on another timeline, as
  /// after a failover, or, where that cannot be told, of another start. What a standby had not received when it took
  /// over is not there any more.
  virtual std::uint64_t server_changes() const { return 0; }
  /// What the log says of such a change: "MET DESCRIPTION: …, as WHY".
  struct ChangeWords {
    std::string_view met, why;
  };
  virtual ChangeWords change_words() const {
    return {"another server answers at", "it took over without them (an asynchronous standby, or a backup)"};
  }

  /// Ends the calls of its sinks and comparers that wait for a server, now and from now on: they fail as a lost
  /// connection does. For a stop that must not wait. SQLite has no server, and its calls end by themselves.
  virtual void interrupt() noexcept {}

  /// What of a buffer has landed, by stream: the truth also where the process that sent it was killed before it could
  /// count. Nothing where there is no ledger yet. Connects for itself, makes nothing. Throws Error(destination).
  virtual std::vector<LedgerTotals> ledger_totals(const std::string& buffer) = 0;

  /// Why no rows of the backup set of this number can land: the tables are somebody's own, and have no room for it.
  /// Nothing where they can, and where that is not known yet. Connects for itself, with a deadline of its own, as
  /// nobody should have to wait for a server that is away. Throws Error(destination).
  [[nodiscard]] virtual std::optional<std::string> why_not_into_set(std::int64_t number) {
    (void)number;
    return std::nullopt;
  }

  /// Looks for what rows of these streams will meet. Connects for itself, changes nothing. Throws Error(destination).
  virtual std::vector<Foreseen> foresee(const std::vector<const Stream*>& streams) {
    (void)streams;
    return {};
  }

  /// What the role may not do that rows of these streams need; Failures say it with what gives it.
  struct MissingGrants {
    std::optional<Failure> to_compare, to_write;
  };
  /// Connects for itself, changes nothing. Throws Error(destination).
  virtual MissingGrants missing_grants(const std::vector<const Stream*>& streams) {
    (void)streams;
    return {};
  }

  // What `forebay migrate` does; these connect for themselves and throw Error(destination | usage).
  virtual std::vector<MigrationState> migration_states() = 0;
  /// Why migrate_up() cannot work there: a standby, transactions are read-only, an event trigger that stops it, or,
  /// where none is applied yet, this role may not make tables.
  [[nodiscard]] virtual std::optional<Failure> takes_no_migrations(bool none_yet) {
    (void)none_yet;
    return std::nullopt;
  }
  /// What migrate_up() would do with tables that are there already and that no migration made, a line each. Throws
  /// where it would refuse one: the message says what is to be done first.
  virtual std::vector<std::string> preview_adoption() { return {}; }
  /// Applies what is missing, under a lock with a deadline; returns lines that say what was done.
  virtual std::vector<std::string> migrate_up() = 0;
  /// What migrate_down(count) would drop, in words, a line each ("table backup_files with 173203 rows").
  virtual std::vector<std::string> migrate_down_preview(int count) = 0;
  virtual std::vector<std::string> migrate_down(int count) = 0;
};

/// What a destination has of some rows. The four add up to the rows compared.
struct Compared {
  std::uint64_t absent = 0;  // no row with that key is there: sending would insert it
  std::uint64_t older = 0;   // an older version is there: sending would replace it
  std::uint64_t equal = 0;   // that very version is there: sending would change nothing
  std::uint64_t newer = 0;   // a newer version is there: the row sent would be superseded
};

using CompareOutcome = std::variant<Compared, Failure>;

/// Compares rows with a destination and changes nothing there: no table is created or migrated, no file made. What a
/// Sink would find missing counts as absent rows; what it would refuse is a Failure, of the same class and words. One
/// connection, with the deadlines of writing, used by one thread at a time; constructing does not connect.
class Comparer {
 public:
  Comparer() = default;
  Comparer(const Comparer&) = delete;
  Comparer& operator=(const Comparer&) = delete;
  virtual ~Comparer() = default;

  /// `keys`: the values of the stream's key columns, in the order of Stream::key, and the rows' versions. Each row is
  /// judged by itself, so a key should come once. All are read in one snapshot; a few thousand at a time are right.
  /// After a Failure it may be called again, and connects anew if need be. The stream must outlive the comparer.
  virtual CompareOutcome compare(const Stream& stream, const RowSet& keys) = 0;
};

}  // namespace forebay
