#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "forebay/status.hpp"
#include "sink/sink.hpp"

namespace forebay::cli {

/// What a restore came to: the object that `restore --json` prints, and the text for people.
struct RestoreSummary {
  std::uint64_t files = 0;
  std::map<std::string, std::uint64_t> rows;  // that were to be restored, by stream
  SyncStatus status;                          // taken when all was over
  std::uint64_t unsaved_rows = 0;
  std::string failure;  // why it stopped short; empty: it did not
  double elapsed_s = 0;
};

std::string restore_json(const RestoreSummary& s);
void print_restore(const RestoreSummary& s, std::ostream& out);

/// The sum over all streams but the sets' own rows, which no total counts.
Counts counts_of_rows(const SyncStatus& status);
std::uint64_t count_of_rows(const std::map<std::string, std::uint64_t>& rows);

/// What a dry run found, for one stream.
struct StreamComparison {
  std::string stream;
  std::string table;
  std::uint64_t rows = 0;
  Compared found;
  std::uint64_t newer_in_files = 0;  // in the files themselves is a newer version, or an equal one before
};

struct DryRunSummary {
  std::uint64_t files = 0;
  std::string destination;
  std::vector<StreamComparison> streams;  // by name
  double elapsed_s = 0;
};

std::string dry_run_json(const DryRunSummary& s);
void print_dry_run(const DryRunSummary& s, std::ostream& out);

}  // namespace forebay::cli
