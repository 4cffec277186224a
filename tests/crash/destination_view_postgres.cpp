#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "crash/crash_rows.hpp"
#include "crash/destination_view.hpp"
#include "engine/destination.hpp"
#include "sink/sink.hpp"
#include "support/libpq_handles.hpp"

namespace forebay::crash {
namespace {

using test::PgResult;

class PostgresView final : public DestinationView {
 public:
  PostgresView(const std::string& database_url, const std::string& process_url)
      : process_url_(process_url.empty() ? database_url : process_url),
        schema_("forebay_crash_" + std::to_string(::getpid()) + "_" + std::to_string(counter_.fetch_add(1))),
        connection_(PQconnectdb((database_url + search_path(database_url)).c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error("no connection to DATABASE_URL");
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    query("CREATE SCHEMA " + schema_);
    query("GRANT ALL ON SCHEMA " + schema_ + " TO PUBLIC");
    create_tables(url(0));
    query(
        "CREATE TABLE crash_updates (hot boolean, space text, number bigint, old_stamp bigint, new_stamp bigint);"
        "CREATE FUNCTION note_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO crash_updates VALUES "
        "(TG_TABLE_NAME = 'crash_hot', NEW.space, NEW.number, OLD.stamp, NEW.stamp); RETURN NULL; END $$");
    query("GRANT ALL ON crash_updates TO PUBLIC");
    // On UPDATE alone: a table with a trigger on INSERT would never be sent to by plain COPY.
    for (const Stream* s : {&own_stream(), &hot_stream()}) {
      query("CREATE TRIGGER updated AFTER UPDATE ON " + s->name + " FOR EACH ROW " + "EXECUTE FUNCTION note_update()");
    }
  }
  PostgresView(const PostgresView&) = delete;
  PostgresView& operator=(const PostgresView&) = delete;
  ~PostgresView() override { PQclear(PQexec(connection_.get(), ("DROP SCHEMA " + schema_ + " CASCADE").c_str())); }

  std::string url(int process) const override {
    return process_url_ + search_path(process_url_) + "&application_name=" + application(process);
  }

  void reset() override { query("TRUNCATE crash_own, crash_hot, crash_updates, sync_batches"); }

  void wait_until_gone(int process) override {
    const std::string sql =
        "SELECT 1 FROM pg_stat_activity WHERE application_name = '" + application(process) + "' LIMIT 1";
    constexpr std::chrono::seconds kLimit{60};
    const auto until = std::chrono::steady_clock::now() + kLimit;
    while (PQntuples(query(sql).get()) > 0) {
      if (std::chrono::steady_clock::now() > until) {
        throw std::runtime_error("the server still has a connection of " + application(process) + " " +
                                 std::to_string(kLimit.count()) + " s after that process was killed");
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  std::vector<LandedRow> rows() override {
    std::vector<LandedRow> rows;
    const PgResult r = query(
        "SELECT false, space, number, stamp, sync_version, payload FROM crash_own UNION ALL "
        "SELECT true, space, number, stamp, sync_version, payload FROM crash_hot");
    for (int i = 0; i < PQntuples(r.get()); ++i) {
      rows.push_back(
          {flag(r, i, 0), text(r, i, 1), number(r, i, 2), number(r, i, 3), number(r, i, 4), hash_of(text(r, i, 5))});
    }
    return rows;
  }

  std::vector<UpdateSeen> updates() override {
    std::vector<UpdateSeen> updates;
    const PgResult r = query("SELECT hot, space, number, old_stamp, new_stamp FROM crash_updates");
    for (int i = 0; i < PQntuples(r.get()); ++i) {
      updates.push_back({flag(r, i, 0), text(r, i, 1), number(r, i, 2), number(r, i, 3), number(r, i, 4)});
    }
    return updates;
  }

  std::vector<LedgerRow> ledger() override {
    std::vector<LedgerRow> rows;
    const PgResult r = query(
        "SELECT buffer, segment, first_row, last_row, rows, synced, superseded, "
        "quarantined FROM sync_batches");
    for (int i = 0; i < PQntuples(r.get()); ++i) {
      rows.push_back({text(r, i, 0), number(r, i, 1), number(r, i, 2), number(r, i, 3), number(r, i, 4),
                      number(r, i, 5), number(r, i, 6), number(r, i, 7)});
    }
    return rows;
  }

  void forget_versions() override {
    for (const Stream* s : {&own_stream(), &hot_stream()}) query("UPDATE " + s->name + " SET sync_version = 0");
  }

  void forget_ledger() override { query("DELETE FROM sync_batches"); }

 private:
  std::string application(int process) const { return schema_ + "_" + std::to_string(process); }
  std::string search_path(const std::string& url) const {
    return (url.find('?') == std::string::npos ? "?" : "&") + ("options=-csearch_path%3D" + schema_);
  }
  /// What is asked may be asked again, should the connection break.
  PgResult query(const std::string& sql) {
    PgResult result(PQexec(connection_.get(), sql.c_str()), &PQclear);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    // What is no server's answer to the statement; PQstatus() may still call such a connection good.
    const auto broken = [&] {
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      const auto status = PQresultStatus(result.get());
      if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return false;
      return state == nullptr || std::string_view(state).starts_with("57P");
    };
    while (broken() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      PQreset(connection_.get());
      result.reset(PQexec(connection_.get(), sql.c_str()));
    }
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(sql + ": " + PQerrorMessage(connection_.get()));
    }
    return result;
  }
  static bool flag(const PgResult& r, int row, int column) { return *PQgetvalue(r.get(), row, column) == 't'; }
  static std::int64_t number(const PgResult& r, int row, int column) {
    return std::stoll(PQgetvalue(r.get(), row, column));
  }
  static std::string text(const PgResult& r, int row, int column) {
    return {PQgetvalue(r.get(), row, column), static_cast<std::size_t>(PQgetlength(r.get(), row, column))};
  }

  static inline std::atomic<int> counter_{0};
  std::string process_url_, schema_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace

std::unique_ptr<DestinationView> make_postgres_view(const std::string& database_url, const std::string& process_url) {
  return std::make_unique<PostgresView>(database_url, process_url);
}

void create_tables(const std::string& url) {
  const auto destination = make_destination(url, {});
  if (const auto failure = destination->make_sink({&own_stream(), &hot_stream()})->open()) {
    throw std::runtime_error(failure->message);
  }
}

}  // namespace forebay::crash
