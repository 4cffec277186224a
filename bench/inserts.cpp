// What programs do that have no buffer: walks DIR and upserts each entry into the table bf (yardstick/bf.sql) by
// INSERT, ROWS of them in one prepared statement with every value bound, each statement a transaction of its own.
//
//   forebay_inserts ROWS DIR CONNINFO [ENTRIES]   ROWS 1: row by row; up to 5,000. ENTRIES: no more than so many
//
// Prints entries and seconds from before the walk to the last COMMIT, as JSON. Stops at what the server refuses.
#include <fts.h>
#include <libpq-fe.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// One of the table's columns is not bound but stands in the statement, backup_set_id: 5,000 rows of these are 65,000
// parameters, and the protocol ends at 65,535.
constexpr std::array kColumns = {"file_path",        "file_name",   "directory_path", "file_type",    "file_size",
                                 "file_permissions", "file_owner",  "file_group",     "created_time", "modified_time",
                                 "accessed_time",    "backup_time", "sync_version"};
constexpr std::size_t kRowsMax = 5000;
using Row = std::array<std::string, kColumns.size()>;

std::string list(const char* between, const auto& make) {
  std::string text;
  for (const char* column : kColumns) text += (text.empty() ? "" : between) + make(std::string(column));
  return text;
}

std::string upsert(std::size_t rows) {
  std::string sql = "INSERT INTO bf (backup_set_id," + list(",", [](const auto& c) { return c; }) + ") VALUES ";
  std::size_t parameter = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    sql += (r == 0 ? "(1," : ",(1,") + list(",", [&](const auto&) { return "$" + std::to_string(++parameter); }) + ")";
  }
  return sql + " ON CONFLICT (backup_set_id, file_path) DO UPDATE SET " +
         list(",", [](const auto& c) { return c + "=excluded." + c; });
}

std::string timestamp(const timespec& t) {
  tm utc{};
  ::gmtime_r(&t.tv_sec, &utc);
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &utc);
  std::snprintf(text.data() + length, text.size() - length, ".%06ld+00", t.tv_nsec / 1000);
  return text.data();
}

Row row_of(const FTSENT& entry, const std::string& now) {
  const struct stat& s = *entry.fts_statp;
  const std::string path = entry.fts_path;
  const std::size_t slash = path.rfind('/');
  std::array<char, 8> permissions{};
  std::snprintf(permissions.data(), permissions.size(), "%o", s.st_mode & 07777);
  return {path,
          path.substr(slash + 1),
          path.substr(0, slash == 0 ? 1 : slash),
          S_ISDIR(s.st_mode)   ? "directory"
          : S_ISLNK(s.st_mode) ? "symlink"
                               : "file",
          std::to_string(s.st_size),
          permissions.data(),
          std::to_string(s.st_uid),
          std::to_string(s.st_gid),
          timestamp(s.st_ctim),
          timestamp(s.st_mtim),
          timestamp(s.st_atim),
          now,
          "1"};
}

class Server {
 public:
  explicit Server(const char* conninfo) : connection_(PQconnectdb(conninfo), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  void send(const std::vector<Row>& rows) {
    if (rows.size() != prepared_) {
      done(PQprepare(connection_.get(), "", upsert(rows.size()).c_str(), 0, nullptr));
      prepared_ = rows.size();
    }
    std::vector<const char*> values;
    values.reserve(rows.size() * kColumns.size());
    for (const Row& row : rows) {
      for (const std::string& value : row) values.push_back(value.c_str());
    }
    done(PQexecPrepared(connection_.get(), "", static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0));
  }

 private:
  void done(PGresult* result) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> owned(result, &PQclear);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::size_t prepared_ = 0;
};

std::uint64_t insert_tree(char* tree, std::size_t rows_max, std::uint64_t entries_max, Server& server) {
  const std::string now = timestamp({.tv_sec = std::time(nullptr), .tv_nsec = 0});
  const std::array<char*, 2> roots = {tree, nullptr};
  const std::unique_ptr<FTS, decltype(&fts_close)> walk(fts_open(roots.data(), FTS_PHYSICAL | FTS_XDEV, nullptr),
                                                        &fts_close);
  if (!walk) throw std::runtime_error("cannot walk the tree");
  std::uint64_t entries = 0;
  std::vector<Row> rows;
  while (entries < entries_max) {
    const FTSENT* entry = fts_read(walk.get());
    if (entry == nullptr) break;
    if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) continue;
    rows.push_back(row_of(*entry, now));
    ++entries;
    if (rows.size() == rows_max) {
      server.send(rows);
      rows.clear();
    }
  }
  if (!rows.empty()) server.send(rows);
  return entries;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc < 4 ? 0 : std::strtoull(argv[1], nullptr, 10);
  if (rows < 1 || rows > kRowsMax) {
    std::cerr << "usage: forebay_inserts ROWS DIR CONNINFO [ENTRIES]   (ROWS 1 to " << kRowsMax << ")\n";
    return 2;
  }
  try {
    const auto start = std::chrono::steady_clock::now();
    Server server(argv[3]);
    const std::uint64_t entries =
        insert_tree(argv[2], rows, argc > 4 ? std::strtoull(argv[4], nullptr, 10) : UINT64_MAX, server);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << "{\"entries\": " << entries << ", \"seconds\": " << took.count() << "}\n";
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "forebay_inserts: " << e.what() << '\n';
    return 4;
  }
}
