#include "micro/support.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "forebay/stream.hpp"
#include "scan/file_row.hpp"

namespace bench {

const Files& files() {
  static const Files kFiles;
  return kFiles;
}

void check(bool well, const char* what) {
  if (!well) throw std::runtime_error(what);
}

Folder::Folder() {
  const char* scratch = std::getenv("BENCH_SCRATCH");
  leave_files_ = scratch != nullptr;
  const std::filesystem::path place = leave_files_ ? scratch : std::filesystem::temp_directory_path();
  std::string name = (place / "forebay-bench-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "cannot make a temporary folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  if (!leave_files_) {
    std::filesystem::remove_all(path_, ignored);
    return;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_, ignored)) {
    if (entry.is_regular_file(ignored)) std::filesystem::resize_file(entry.path(), 0, ignored);
  }
}

AwayBuffer::AwayBuffer(forebay::Durability level, std::uint64_t rows) {
  forebay::Options options;
  options.state_directory = folder_.path();
  options.destination = "postgresql://127.0.0.1:1/nobody";
  options.durability = level;
  options.memory_rows_max = 2 * rows;
  options.memory_bytes_max = std::uint64_t{8} << 30;
  options.drain_timeout = std::chrono::seconds(0);
  options.recover = false;
  options.log = [](forebay::LogLevel, std::string_view) {};
  options.checkpoint_interval = std::chrono::seconds(0);
  buffer_ = std::make_unique<forebay::Buffer>(options);
}

BareTable::BareTable() {
  // NOMUTEX as forebay's own connections: a lock at every bind is no part of what buffering must cost.
  check(sqlite3_open_v2(":memory:", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) ==
            SQLITE_OK,
        "cannot open a database in memory");
  check(sqlite3_exec(db_,
                     "CREATE TABLE t (set_id INTEGER, path TEXT, name TEXT, directory TEXT, display TEXT, type TEXT, "
                     "size INTEGER, permissions TEXT, owner TEXT, grp TEXT, created INTEGER, modified INTEGER, "
                     "accessed INTEGER, changed INTEGER, backup INTEGER, full_path TEXT, version INTEGER)",
                     nullptr, nullptr, nullptr) == SQLITE_OK,
        "cannot create a table");
  check(sqlite3_prepare_v2(db_, "INSERT INTO t VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)", -1,
                           &insert_, nullptr) == SQLITE_OK,
        "cannot prepare an INSERT");
}

BareTable::~BareTable() {
  sqlite3_finalize(insert_);
  sqlite3_close(db_);
}

void BareTable::insert(std::int64_t rows) {
  const auto text = [this](int at, std::string_view s) {
    sqlite3_bind_text(insert_, at, s.data(), static_cast<int>(s.size()), SQLITE_STATIC);
  };
  sqlite3_exec(db_, "BEGIN", nullptr, nullptr, nullptr);
  for (std::int64_t i = 0; i < rows; ++i) {
    const forebay::FileRecord file = files()[i];
    const std::size_t slash = file.path.rfind('/');
    sqlite3_bind_int64(insert_, 1, file.backup_set_id);
    text(2, file.path);
    text(3, file.path.substr(slash + 1));
    text(4, file.path.substr(0, slash));
    sqlite3_bind_null(insert_, 5);
    text(6, file.file_type);
    sqlite3_bind_int64(insert_, 7, file.size);
    text(8, "0644");
    text(9, file.owner);
    text(10, file.group);
    sqlite3_bind_int64(insert_, 11, *file.created_time_us);
    sqlite3_bind_int64(insert_, 12, *file.modified_time_us);
    sqlite3_bind_int64(insert_, 13, *file.accessed_time_us);
    sqlite3_bind_int64(insert_, 14, *file.changed_time_us);
    sqlite3_bind_int64(insert_, 15, file.backup_time_us);
    sqlite3_bind_null(insert_, 16);
    sqlite3_bind_int64(insert_, 17, i);
    check(sqlite3_step(insert_) == SQLITE_DONE, "an INSERT failed");
    sqlite3_reset(insert_);
  }
  sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr);
}

std::int64_t BareTable::cache_used_bytes() const {
  int now = 0;
  int highest = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_CACHE_USED, &now, &highest, 0);
  return now;
}

std::shared_ptr<forebay::RowSet> rows_of_files(std::int64_t first, std::int64_t rows, std::int64_t version) {
  auto set = std::make_shared<forebay::RowSet>(forebay::backup_files_stream().columns.size());
  set->reserve(static_cast<std::size_t>(rows));
  forebay::FileRow row;
  for (std::int64_t i = 0; i < rows; ++i) {
    set->begin_row(static_cast<std::uint64_t>(i) + 1, version + i);
    for (const forebay::Value& value : row.fill(files()[first + i])) set->push(value);
  }
  return set;
}

}  // namespace bench
