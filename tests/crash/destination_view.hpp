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

  // To show that the oracle sees what each of them prevents.
  /// The version column of each row that is there becomes 0, so that whatever comes next passes the guard. (A trigger
  /// that does so for good would be found out: rows that a table changes are refused.)
  virtual void forget_versions() = 0;
  /// The ledger is empty.
  virtual void forget_ledger() = 0;

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
