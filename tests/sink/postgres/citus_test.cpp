// What a real Citus says and takes. Hidden, as it has to be installed: scripts/with-citus.sh runs these.
#include "support/citus.hpp"

#include <libpq-fe.h>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/own_database.hpp"

namespace forebay::test {
namespace {

/// The SQLSTATE that a statement ends with; "00000" where it is done. `rows`: of a COPY.
std::string state_of(PGconn* connection, const std::string& sql, const std::string& rows = {}) {
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  Result result(PQexec(connection, sql.c_str()), &PQclear);
  if (PQresultStatus(result.get()) == PGRES_COPY_IN) {
    REQUIRE(PQputCopyData(connection, rows.data(), static_cast<int>(rows.size())) == 1);
    REQUIRE(PQputCopyEnd(connection, nullptr) == 1);
    result.reset(PQgetResult(connection));
    while (PGresult* rest = PQgetResult(connection)) PQclear(rest);
  }
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  return state != nullptr ? state : "00000";
}

/// Of small_stream(), with a CHECK.
void make_table(PostgresFixture& fixture, const Stream& stream, const std::string& distribute) {
  std::string table = fixture.dialect().create_table(stream, stream.table);
  table.insert(table.rfind(", PRIMARY KEY"),
               ", CONSTRAINT positive CHECK (size >= 0), CONSTRAINT odd CHECK (note <> 'odd')");
  fixture.exec(table);
  if (!distribute.empty()) fixture.exec(distribute);
}

/// In which ways a table of small_stream() can be distributed.
constexpr std::array kWays = {"SELECT create_distributed_table('small_files', 'set_id', colocate_with => 'none')",
                              "SELECT create_distributed_table('small_files', 'path', colocate_with => 'none')",
                              "SELECT create_distributed_table('small_files', NULL, colocate_with => 'none')",
                              "SELECT create_reference_table('small_files')",
                              "SELECT citus_add_local_table_to_metadata('small_files')"};

TEST_CASE("Citus's COPY names no code of what a worker refuses, and its INSERT does", "[.citus][postgres][threads]") {
  CitusFixture fixture("");
  if (!fixture.available()) return;
  const std::string way = GENERATE(from_range(std::begin(kWays), std::end(kWays)));
  CAPTURE(way);
  make_table(fixture, small_stream(), way);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(fixture.url().c_str()), &PQfinish);
  const auto copy = [&](const std::string& row) {
    return state_of(connection.get(), "COPY small_files (set_id, path, size, note) FROM STDIN", row + "\n");
  };
  const auto insert = [&](const std::string& row, const std::string& now) {
    return state_of(connection.get(),
                    "INSERT INTO small_files (set_id, path, size, note, touched_at) SELECT v.*, now() FROM (VALUES " +
                        row +
                        ") AS v ON CONFLICT (set_id, path) DO UPDATE SET size = EXCLUDED.size, touched_at = " + now);
  };
  CHECK(copy("1\t/a\t1\tn") == "00000");
  CHECK(copy("1\t/a\t1\tn") == "XX000");   // a key that is there
  CHECK(copy("1\t/b\t-1\tn") == "XX000");  // a CHECK
  CHECK(copy("1\t/b\tx\tn") == "22P02");   // what the coordinator itself refuses
  const std::string touched = "EXCLUDED.touched_at";
  CHECK(insert("(1::bigint, '/a', 2::bigint, 'n')", touched) == "00000");
  CHECK(insert("(1::bigint, '/a', 2::bigint, 'n')", "now()") == "0A000");
  CHECK(insert("(1::bigint, '/b', -2::bigint, 'n')", touched) == "23514");
}

TEST_CASE("rows land, lose and are refused in a table distributed in each of the ways", "[.citus][postgres][threads]") {
  CitusFixture fixture("");
  if (!fixture.available()) return;
  const std::string way = GENERATE(from_range(std::begin(kWays), std::end(kWays)));
  CAPTURE(way);
  const Stream stream = small_stream();
  make_table(fixture, stream, way);
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  std::string touched;
  for (std::int64_t version = 1; version <= 3; ++version) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(version));
    for (int i = 0; i < 500; ++i) {
      const bool bad = i % 100 == 7;
      // Of the last round half are older than what is there.
      rows.add(version == 3 && i % 2 == 0 ? 0 : version,
               small_row(i % 5, "/" + std::to_string(i), bad ? -1 : i, i % 100 == 9 ? "odd" : "even"));
    }
    Kept kept;
    Batch batch(Reason::end, {rows.range()});
    WriteOutcome outcome = sink->write(batch, kept.keep());
    if (const auto* failure = std::get_if<Failure>(&outcome)) FAIL(failure->message);
    const RangeResult result = std::get<Written>(outcome).ranges.at(0);
    CHECK(result.quarantined == 10);
    CHECK(result.superseded == (version == 3 ? 250 : 0));
    CHECK(result.synced == (version == 3 ? 240 : 490));
    REQUIRE(kept.rows.size() == 10);
    for (const RefusedRow& row : kept.rows) {
      CHECK(row.sqlstate == "23514");
      CHECK(row.constraint == (row.values[2].as_integer() < 0 ? "positive" : "odd"));
    }
    // As by COPY's default: of this transaction's begin.
    const std::string now = fixture.one("SELECT max(touched_at) FROM small_files");
    CHECK(now > touched);
    touched = now;
  }
  CHECK(fixture.query("SELECT row_version, count(*) FROM small_files GROUP BY 1 ORDER BY 1") ==
        Rows{{"2", "250"}, {"3", "240"}});
}

TEST_CASE("a table that Citus keeps in a way that takes no upsert is told when it is opened",
          "[.citus][postgres][threads]") {
  CitusFixture fixture("");
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  struct Case {
    const char* make;
    const char* told;
  };
  const Case c = GENERATE(Case{"SELECT create_distributed_table('small_files', 'set_id', 'append')",
                               "it is distributed by append, where Citus keeps no key unique"},
                          Case{"ALTER TABLE small_files DROP CONSTRAINT small_files_pkey; SELECT "
                               "create_distributed_table('small_files', 'size', colocate_with => 'none')",
                               "it is distributed by column \"size\", which is no part of the key"},
                          Case{"SELECT "
                               "alter_table_set_access_method('small_files', 'columnar')",
                               "its access method is columnar, which replaces no rows"});
  CAPTURE(c.make);
  make_table(fixture, stream, "");
  fixture.exec("CREATE EXTENSION IF NOT EXISTS citus_columnar");
  fixture.exec("SET search_path = " + fixture.schema());  // which that has reset
  fixture.exec(c.make);
  const auto failure = fixture.destination()->make_sink({&stream})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message, Catch::Contains(c.told));
  // The advice, as it stands there.
  const auto begin = failure->message.find("To fix it: ");
  REQUIRE(begin != std::string::npos);
  std::string advice = failure->message.substr(begin + 15);
  const std::string index = "then, with the unique index on the key in place, ";
  if (const auto at = advice.find(index); at != std::string::npos) {
    const auto key =
        fixture.one("SELECT count(*) FROM pg_index WHERE indrelid = 'small_files'::regclass AND indisunique");
    advice.replace(at, index.size(), key == "0" ? "ALTER TABLE small_files ADD PRIMARY KEY (set_id, path); " : "");
  }
  for (std::size_t at = 0; at < advice.size();) {
    const auto end = std::min(advice.find("; ", at), advice.size());
    fixture.exec(advice.substr(at, end - at));
    at = end + 2;
  }
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  CHECK(written(*sink, {RangeMaker(stream, "b", 2).add(2, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
}

TEST_CASE("a table that is distributed, or made local again, under an open connection takes what comes",
          "[.citus][postgres][threads]") {
  CitusFixture fixture("");
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream, "");
  const auto sink = fixture.destination()->make_sink({&stream});
  std::int64_t version = 0;
  const auto sends = [&] {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(++version));
    rows.add(version, small_row(1, "/a", version)).add(version, small_row(2, "/" + std::to_string(version), version));
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 2);
  };
  sends();
  for (const char* change : {kWays[0], "SELECT undistribute_table('small_files')", kWays[1]}) {
    CAPTURE(change);
    fixture.exec(change);
    sends();
    sends();
  }
  CHECK(fixture.one("SELECT size FROM small_files WHERE path = '/a'") == std::to_string(version));
}

TEST_CASE("a PostgreSQL that becomes a Citus under an open connection is spoken to as one",
          "[.citus][postgres][threads]") {
  CitusFixture fixture("");
  if (!fixture.available()) return;
  const OwnDatabase own(fixture);
  const Stream stream = small_stream();
  const auto destination = make_destination(own.owner_url(), {});
  const auto sink = destination->make_sink({&stream});
  opens(*sink);
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a", 1)).range()}).ranges.at(0).synced == 1);
  own.exec("CREATE EXTENSION citus");
  // On this server alone.
  const std::string here = "'" + CitusCluster::coordinator() + "', 5432";
  own.exec("SELECT citus_set_coordinator_host(" + here + ")");
  own.exec("SELECT citus_set_node_property(" + here + ", 'shouldhaveshards', true)");
  own.exec("SELECT create_distributed_table('small_files', 'set_id')");
  CHECK(written(*sink, {RangeMaker(stream, "b", 2).add(2, small_row(1, "/a", 2)).range()}).ranges.at(0).synced == 1);
  CHECK(own.one("SELECT size FROM small_files") == "2");
  CHECK_THAT(destination->server(), Catch::StartsWith("the server is Citus "));
}

TEST_CASE("a worker of a Citus cluster is told as one, and takes nothing", "[.citus][postgres][threads]") {
  CitusFixture fixture;
  if (!fixture.available()) return;
  const std::string worker = CitusCluster::worker_with(fixture, "backup_files", "1");
  const auto failure =
      make_destination("postgresql://postgres@/forebay?port=5432&host=" + worker, {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::login_or_target);
  CHECK_THAT(failure->message, Catch::StartsWith("the server (Citus ") &&
                                   Catch::EndsWith("is a worker of its cluster; name the coordinator"));
}

}  // namespace
}  // namespace forebay::test
