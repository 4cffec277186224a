#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "crash/judge.hpp"

namespace forebay::crash {

/// The oracle's own way to a destination: makes the tables with their triggers, empties them, and reads them, without
/// forebay.
class DestinationView {
 public:
  virtual ~DestinationView() = default;

  /// As process number `process` is told it.
  virtual std::string url(int process) const = 0;
  /// Empty tables, for the next round.
  virtual void reset() = 0;
  /// Returns when no connection of that process is left: a server may still commit what a killed client had sent.
  virtual void wait_until_gone(int process) = 0;
  virtual std::vector<LandedRow> rows() = 0;
  virtual std::vector<UpdateSeen> updates() = 0;
  virtual std::vector<LedgerRow> ledger() = 0;

  // For the rest of its life: to show that the oracle sees what each of them prevents. The tables are emptied.
  /// The version column is kept at 0, so that every row passes the guard.
  virtual void defeat_guard() = 0;
  /// Every row that the ledger is given is lost.
  virtual void defeat_ledger() = 0;

  DestinationSeen look() { return {rows(), updates(), ledger()}; }
};

/// The SQLite catalog `folder`/catalog.db.
std::unique_ptr<DestinationView> make_sqlite_view(const std::filesystem::path& folder);
/// A schema of its own, dropped at the end, in the database of that URL. `process_url`: another way to the same
/// database, for the processes, and by another role, if that URL says so; empty: the same. Waits for a server that is
/// restarting.
std::unique_ptr<DestinationView> make_postgres_view(const std::string& database_url,
                                                    const std::string& process_url = {});

/// Creates the two streams' tables, as forebay does.
void create_tables(const std::string& url);

}  // namespace forebay::crash
