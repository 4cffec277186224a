#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <forebay/forebay.hpp>
#include <memory>
#include <string>

#include "base/row_set.hpp"
#include "files.hpp"

namespace bench {

/// The files of all benchmarks here.
const Files& files();

/// A folder of its own, in BENCH_SCRATCH, or else in the system's place for temporary ones, and then gone with it. In
/// BENCH_SCRATCH its files stay, emptied, for the caller to remove when all is measured: ext4 passes over the inodes of
/// files that were deleted within the last minutes one by one, and who makes a journal after that pays for it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool leave_files_ = false;
};

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A Buffer whose destination is away, with room in memory for so many rows: nothing is drained, and what is measured
/// is no eviction.
class AwayBuffer {
 public:
  AwayBuffer(forebay::Durability level, std::uint64_t rows);
  forebay::Buffer* operator->() { return buffer_.get(); }

 private:
  Folder folder_;
  std::unique_ptr<forebay::Buffer> buffer_;
};

/// One SQLite table in memory with the columns of a buffered file: the least that buffering rows can cost.
class BareTable {
 public:
  BareTable();
  BareTable(const BareTable&) = delete;
  BareTable& operator=(const BareTable&) = delete;
  ~BareTable();
  /// Prepared INSERTs in one transaction.
  void insert(std::int64_t rows);
  std::int64_t cache_used_bytes() const;

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

/// Files first … first + rows - 1 as a batch takes them out of a segment, numbered from 1.
std::shared_ptr<forebay::RowSet> rows_of_files(std::int64_t first, std::int64_t rows, std::int64_t version);

void check(bool well, const char* what);

}  // namespace bench
