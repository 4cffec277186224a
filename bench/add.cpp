// How fast add() is at each level of durability, beside a bare loop of prepared INSERTs of the same columns into one
// SQLite table in memory. One thread; nothing is drained meanwhile: the destination is away.

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <forebay/forebay.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using std::chrono::steady_clock;

constexpr int kRows = 200'000;
constexpr std::int64_t kTimeUs = 1'700'000'000'000'000;

/// Made beforehand: making them is no part of what is measured.
const std::vector<std::string>& paths() {
  static const std::vector<std::string> kPaths = [] {
    std::vector<std::string> all;
    for (int i = 0; i < kRows; ++i) {
      all.push_back("/srv/archive/2026/" + std::to_string(i / 1000) + "/report number " + std::to_string(i) + ".txt");
    }
    return all;
  }();
  return kPaths;
}

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

void check(bool well, const char* what) {
  if (!well) throw std::runtime_error(what);
}

void bare_sqlite(benchmark::State& state) {
  for (auto _ : state) {
    sqlite3* db = nullptr;
    check(sqlite3_open(":memory:", &db) == SQLITE_OK, "cannot open a database in memory");
    check(sqlite3_exec(db,
                       "CREATE TABLE t (set_id INTEGER, path TEXT, name TEXT, directory TEXT, display TEXT, type TEXT, "
                       "size INTEGER, permissions TEXT, owner TEXT, grp TEXT, created INTEGER, modified INTEGER, "
                       "accessed INTEGER, changed INTEGER, backup INTEGER, full_path TEXT, version INTEGER)",
                       nullptr, nullptr, nullptr) == SQLITE_OK,
          "cannot create a table");
    sqlite3_stmt* insert = nullptr;
    check(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
                             -1, &insert, nullptr) == SQLITE_OK,
          "cannot prepare an INSERT");
    const auto text = [&](int at, std::string_view s) {
      sqlite3_bind_text(insert, at, s.data(), static_cast<int>(s.size()), SQLITE_STATIC);
    };
    const auto start = steady_clock::now();
    sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
    for (int i = 0; i < kRows; ++i) {
      const std::string_view path = paths()[static_cast<std::size_t>(i)];
      const std::size_t slash = path.rfind('/');
      sqlite3_bind_int64(insert, 1, 1);
      text(2, path);
      text(3, path.substr(slash + 1));
      text(4, path.substr(0, slash));
      sqlite3_bind_null(insert, 5);
      text(6, "file");
      sqlite3_bind_int64(insert, 7, i);
      text(8, "0644");
      text(9, "root");
      text(10, "root");
      for (int at = 11; at <= 15; ++at) sqlite3_bind_int64(insert, at, kTimeUs + i);
      sqlite3_bind_null(insert, 16);
      sqlite3_bind_int64(insert, 17, i);
      check(sqlite3_step(insert) == SQLITE_DONE, "an INSERT failed");
      sqlite3_reset(insert);
    }
    sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
    state.SetIterationTime(seconds_since(start));
    sqlite3_finalize(insert);
    sqlite3_close(db);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

void add_file(benchmark::State& state, forebay::Durability level) {
  for (auto _ : state) {
    std::string folder = (std::filesystem::temp_directory_path() / "forebay-bench-XXXXXX").string();
    check(::mkdtemp(folder.data()) != nullptr, "cannot make a folder for journals");
    forebay::Options options;
    options.state_directory = folder;
    options.destination = "postgresql://127.0.0.1:1/nobody";
    options.durability = level;
    options.memory_rows_max = 2 * kRows;
    options.drain_timeout = std::chrono::seconds(0);
    options.recover = false;
    options.log = [](forebay::LogLevel, std::string_view) {};
    options.checkpoint_interval = std::chrono::seconds(0);
    {
      forebay::Buffer buffer(options);
      forebay::Writer writer = buffer.writer();
      const auto start = steady_clock::now();
      for (int i = 0; i < kRows; ++i) {
        writer.add_file({.backup_set_id = 1,
                         .path = paths()[static_cast<std::size_t>(i)],
                         .size = i,
                         .permissions = 0644,
                         .owner = "root",
                         .group = "root",
                         .created_time_us = kTimeUs + i,
                         .modified_time_us = kTimeUs + i,
                         .accessed_time_us = kTimeUs + i,
                         .changed_time_us = kTimeUs + i,
                         .backup_time_us = kTimeUs + i});
      }
      writer.commit();
      state.SetIterationTime(seconds_since(start));
    }
    std::filesystem::remove_all(folder);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK(bare_sqlite)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK_CAPTURE(add_file, memory, forebay::Durability::memory)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK_CAPTURE(add_file, process, forebay::Durability::process)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK_CAPTURE(add_file, power, forebay::Durability::power)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
