#include "crash/crash_rows.hpp"
#include "crash/destination_view.hpp"
#include "sqlite/statement.hpp"

namespace forebay::crash {
namespace {

namespace fs = std::filesystem;

class SqliteView final : public DestinationView {
 public:
  explicit SqliteView(const fs::path& folder) : file_(folder / "catalog.db"), template_(folder / "template.db") {
    create_tables(url(0));
    exec("CREATE TABLE crash_updates (hot INTEGER, space TEXT, number INTEGER, old_stamp INTEGER, new_stamp INTEGER)");
    for (const Stream* s : {&own_stream(), &hot_stream()}) {
      exec("CREATE TRIGGER " + s->name + "_updated AFTER UPDATE OF stamp ON " + s->name +
           " BEGIN INSERT INTO crash_updates VALUES (" + (s == &hot_stream() ? "1" : "0") +
           ", NEW.space, NEW.number, OLD.stamp, NEW.stamp); END");
    }
    keep_as_template();
  }

  std::string url(int) const override { return "sqlite:" + file_.string(); }

  void reset() override {
    remove_catalog();
    fs::copy_file(template_, file_);
  }

  void wait_until_gone(int) override {}  // what a killed process had not committed is rolled back by the next to look

  std::vector<LandedRow> rows() override {
    std::vector<LandedRow> rows;
    SqliteConnection db = open();
    for (const Stream* s : {&own_stream(), &hot_stream()}) {
      SqliteStatement q(db, "SELECT space, number, stamp, sync_version, payload FROM " + s->name);
      while (q.step()) {
        rows.push_back({s == &hot_stream(), std::string(q.column_text(0)), q.column_integer(1), q.column_integer(2),
                        q.column_integer(3), hash_of(q.column_text(4))});
      }
    }
    return rows;
  }

  std::vector<UpdateSeen> updates() override {
    std::vector<UpdateSeen> updates;
    SqliteConnection db = open();
    SqliteStatement q(db, "SELECT hot, space, number, old_stamp, new_stamp FROM crash_updates");
    while (q.step()) {
      updates.push_back({q.column_integer(0) != 0, std::string(q.column_text(1)), q.column_integer(2),
                         q.column_integer(3), q.column_integer(4)});
    }
    return updates;
  }

  std::vector<LedgerRow> ledger() override {
    std::vector<LedgerRow> rows;
    SqliteConnection db = open();
    SqliteStatement q(db,
                      "SELECT buffer, segment, first_row, last_row, rows, synced, superseded, quarantined "
                      "FROM sync_batches");
    while (q.step()) {
      rows.push_back({std::string(q.column_text(0)), q.column_integer(1), q.column_integer(2), q.column_integer(3),
                      q.column_integer(4), q.column_integer(5), q.column_integer(6), q.column_integer(7)});
    }
    return rows;
  }

  void forget_versions() override {
    for (const Stream* s : {&own_stream(), &hot_stream()}) exec("UPDATE " + s->name + " SET sync_version = 0");
  }

  void forget_ledger() override { exec("DELETE FROM sync_batches"); }

 private:
  SqliteConnection open() const {
    SqliteConnection db(file_.string(), SQLITE_OPEN_READWRITE);
    db.busy_timeout(std::chrono::seconds(10));
    return db;
  }
  void exec(const std::string& sql) const { open().exec(sql); }
  void remove_catalog() const {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file_.string() + suffix);
  }
  void keep_as_template() const {
    open().exec("PRAGMA wal_checkpoint(TRUNCATE)");
    fs::copy_file(file_, template_, fs::copy_options::overwrite_existing);
  }

  fs::path file_, template_;
};

}  // namespace

std::unique_ptr<DestinationView> make_sqlite_view(const fs::path& folder) {
  return std::make_unique<SqliteView>(folder);
}

}  // namespace forebay::crash
