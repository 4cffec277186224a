#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "sink/sink.hpp"

namespace forebay::test {

/// Wraps a real destination and fails on demand: before a batch is written (nothing of it lands), or after it has
/// landed (its answer is lost). The functions are called from several threads at once.
class FaultDestination final : public Destination {
 public:
  using Fault = std::function<std::optional<Failure>(const Batch&)>;

  explicit FaultDestination(std::unique_ptr<Destination> real, int connections = 2)
      : real_(std::move(real)), connections_(connections) {}

  Fault before_write;
  /// The same with what the sink is given: the batch may be built, and rows kept.
  std::function<std::optional<Failure>(Batch&, const KeepRefused&)> before_commit;
  Fault after_write;

  std::string description() const override { return real_->description(); }
  int connections_max() const override { return connections_; }
  std::unique_ptr<Sink> make_sink_for(StreamsInUse in_use) override {
    return std::make_unique<FaultSink>(*this, real_->make_sink_for(std::move(in_use)));
  }
  std::unique_ptr<Comparer> make_comparer() override { return real_->make_comparer(); }
  void interrupt() noexcept override { real_->interrupt(); }
  std::vector<LedgerTotals> ledger_totals(const std::string& buffer) override { return real_->ledger_totals(buffer); }
  std::vector<MigrationState> migration_states() override { return real_->migration_states(); }
  std::vector<std::string> migrate_up() override { return real_->migrate_up(); }
  std::vector<std::string> migrate_down_preview(int count) override { return real_->migrate_down_preview(count); }
  std::vector<std::string> migrate_down(int count) override { return real_->migrate_down(count); }

 private:
  class FaultSink final : public Sink {
   public:
    FaultSink(FaultDestination& owner, std::unique_ptr<Sink> real) : owner_(owner), real_(std::move(real)) {}
    std::optional<Failure> open() override { return real_->open(); }
    WriteOutcome write(Batch& batch, const KeepRefused& keep = {}) override {
      if (owner_.before_write) {
        if (auto failure = owner_.before_write(batch)) return *failure;
      }
      if (owner_.before_commit) {
        if (auto failure = owner_.before_commit(batch, keep)) return *failure;
      }
      WriteOutcome outcome = real_->write(batch, keep);
      if (owner_.after_write && std::holds_alternative<Written>(outcome)) {
        if (auto failure = owner_.after_write(batch)) return *failure;
      }
      return outcome;
    }
    void close() noexcept override { real_->close(); }

   private:
    FaultDestination& owner_;
    std::unique_ptr<Sink> real_;
  };

  std::unique_ptr<Destination> real_;
  int connections_;
};

}  // namespace forebay::test
