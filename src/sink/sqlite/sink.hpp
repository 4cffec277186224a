#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/ledger.hpp"
#include "sink/refusals.hpp"
#include "sink/sink.hpp"
#include "sink/sqlite/catalog_files.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

/// What all connections of one catalog share.
struct SqliteShared {
  RefusalRates rates;
  /// How often another catalog stood under the name than before, or the same one set back: one without what had landed.
  std::atomic<std::uint64_t> changes{0};
};

/// The embedded catalog as a destination: the same transaction as on a server (ledger, guard, key order), with SQLite's
/// one write lock in place of advisory locks.
class SqliteSink final : public Sink {
 public:
  SqliteSink(std::string file, DestinationOptions options, std::shared_ptr<SqliteShared> shared, StreamsInUse in_use);
  ~SqliteSink() override;

  [[nodiscard]] std::optional<Failure> open() override;
  [[nodiscard]] WriteOutcome write(Batch& batch, const KeepRefused& keep) override;
  void close() noexcept override;
  std::map<std::uint64_t, std::uint64_t> landed_rows(const std::string& buffer, std::uint64_t first,
                                                     std::uint64_t last) override;
  void accept_server() override { changes_accepted_ = changes_met_; }

 private:
  struct Target {
    const Stream* stream;
    SqliteStatement upsert;
    SqliteStatement version;
    std::vector<std::string> triggers{};  // as the transaction found them
  };

  std::optional<Failure> open_for(const std::vector<const Stream*>& streams);
  void connect();
  void look_up(const Stream& stream);
  void leave_file() noexcept;
  bool has_last_landed();
  Written send(Batch& batch, const KeepRefused& keep);
  std::vector<std::vector<LandedSpan>> landed_spans(const Batch& batch);
  bool look_for_triggers();
  Target& target_of(const Stream* stream);
  std::optional<std::int64_t> version_there(Target& target, const BatchRow& row);
  std::vector<PartRefusal> rows_not_kept(const BatchPart& part);
  std::vector<PartRefusal> send_part(const BatchPart& part, LedgerEntries& ledger, bool search);
  template <class Work>
  auto as_failures(const Work& work) const;
  PartRefusal refusal(std::size_t row, int changes_before) const;
  void write_ledger(const Batch& batch, const LedgerEntries& ledger, std::int64_t started_us);

  const std::string file_;
  const DestinationOptions options_;
  const std::shared_ptr<SqliteShared> shared_;
  const StreamsInUse in_use_;

  std::optional<BatchRange> last_landed_;
  std::uint64_t changes_accepted_ = 0;  // of SqliteShared::changes
  std::uint64_t changes_met_ = 0;
  std::optional<SqliteConnection> db_;
  std::optional<CatalogFiles> files_;
  std::vector<Target> targets_;  // of streams whose rows came on this connection; before db_ in closing
  bool committing_ = false;
  bool keeping_ = false;
};

}  // namespace forebay
