#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/ledger.hpp"
#include "sink/refusals.hpp"
#include "sink/sink.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

/// The embedded catalog as a destination: the same transaction as on a server (ledger, guard, key order), with SQLite's
/// one write lock in place of advisory locks.
class SqliteSink final : public Sink {
 public:
  SqliteSink(std::string file, DestinationOptions options, std::shared_ptr<RefusalRates> rates,
             std::vector<const Stream*> streams);
  ~SqliteSink() override;

  std::optional<Failure> open() override;
  WriteOutcome write(Batch& batch, const KeepRefused& keep) override;
  void close() noexcept override;

 private:
  struct Target {
    const Stream* stream;
    SqliteStatement upsert;
    SqliteStatement version;
  };

  void connect();
  Written send(Batch& batch, const KeepRefused& keep);
  std::vector<std::vector<LandedSpan>> landed_spans(const Batch& batch);
  std::vector<PartRefusal> send_part(const BatchPart& part, LedgerEntries& ledger, bool search);
  PartRefusal refusal(std::size_t row, int changes_before) const;
  void write_ledger(const Batch& batch, const LedgerEntries& ledger, std::int64_t started_us);

  const std::string file_;
  const DestinationOptions options_;
  const std::shared_ptr<RefusalRates> rates_;
  const std::vector<const Stream*> streams_;

  std::optional<SqliteConnection> db_;
  std::vector<Target> targets_;  // before db_ in closing
  bool committing_ = false;
  bool keeping_ = false;
};

/// For the file of a URL sqlite:FILE.
std::unique_ptr<Destination> make_sqlite_destination(const std::string& file, const DestinationOptions& options);

}  // namespace forebay
