#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "engine/destination.hpp"
#include "forebay/file_record.hpp"
#include "sink/contract.hpp"

// What only PostgreSQL can do to a sink.
namespace forebay::test {
namespace {

std::string backend_of_sink(PostgresFixture& fixture) {
  return fixture.one(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'forebay' AND pid <> pg_backend_pid() "
      "ORDER BY backend_start DESC LIMIT 1");
}

bool server_is_local() {
  const char* url = std::getenv("DATABASE_URL");
  return url != nullptr && std::string(url).find("host=/") != std::string::npos;
}

TEST_CASE("a backend that is terminated between batches is replaced without a failure", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  const std::string old = backend_of_sink(fixture);
  CHECK(fixture.end_backends("pid = " + old) == "1");
  CHECK(written(*sink, {RangeMaker(stream, "b", 2).add(1, small_row(1, "/b")).range()}).ranges.at(0).synced == 1);
  CHECK(backend_of_sink(fixture) != old);
}

/// A deferred trigger that ends its own backend while COMMIT is at work. Of a table behind the ledger: those of the
/// ledger and of a stream's table are brought forward, so that rows which they change are seen.
void end_backend_at_commit(PostgresFixture& fixture) {
  fixture.exec(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
      "pg_terminate_backend(pg_backend_pid()); "
      "PERFORM pg_sleep(60); RETURN NULL; END $$");
  fixture.exec(
      "CREATE TABLE elsewhere (buffer text); CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON elsewhere DEFERRABLE "
      "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die(); CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE "
      "plpgsql AS $$ BEGIN INSERT INTO " +
      fixture.schema() +
      ".elsewhere VALUES (NEW.buffer); RETURN NULL; END $$; CREATE TRIGGER passing_on AFTER INSERT ON sync_batches FOR "
      "EACH ROW EXECUTE FUNCTION pass_on()");
}

TEST_CASE("a batch whose connection is lost at COMMIT is in doubt, and sent again lands once", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  end_backend_at_commit(fixture);
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a")).add(2, small_row(1, "/b"));
  const Failure failure = refused(*sink, {rows.range()});
  CHECK(failure.failure_class == FailureClass::in_doubt);
  CHECK(failure.sqlstate == "57P01");
  CHECK_THAT(failure.message, Catch::Contains("terminating connection due to administrator command"));
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  fixture.exec("DROP TRIGGER dying ON elsewhere");
  for (int time = 0; time < 2; ++time) {  // the second time stands for a COMMIT that had been done
    const auto result = written(*sink, {rows.range(true)}).ranges.at(0);
    CHECK(result.synced == 2);
    CHECK(result.superseded == 0);
  }
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "2");
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
}

TEST_CASE("a range that may have been sent waits for the backend that is still at it", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto destination = fixture.destination();
  const auto slow = destination->make_sink({&stream});
  const auto quick = destination->make_sink({&stream});
  opens(*slow);
  opens(*quick);
  // The slow one stands at the end of its transaction until this lock is free.
  fixture.exec(
      "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN "
      "NULL; END $$");
  fixture.exec(
      "CREATE CONSTRAINT TRIGGER waiting AFTER INSERT ON small_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "EXECUTE FUNCTION wait()");
  fixture.exec("SELECT pg_advisory_lock(4711)");
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a"));
  const auto waiting = [&](const char* count) {
    while (
        fixture.one(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forebay' AND wait_event = 'advisory'") !=
        count) {
      std::this_thread::yield();
    }
  };
  std::thread first([&] { written(*slow, {rows.range()}); });
  waiting("1");
  RangeResult again;
  std::thread second([&] { again = written(*quick, {rows.range(true)}).ranges.at(0); });
  waiting("2");
  fixture.exec("SELECT pg_advisory_unlock(4711)");
  first.join();
  second.join();
  CHECK(again.synced == 1);
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
}

TEST_CASE("a stopped backend ends in a retry at the deadline, not in a wait", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  if (!server_is_local()) {
    WARN("skipped: DATABASE_URL is not on this machine");
    return;
  }
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(1);
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  const auto backend = static_cast<pid_t>(std::stol(backend_of_sink(fixture)));
  if (::kill(backend, SIGSTOP) != 0) {
    WARN("skipped: no permission to stop the server's backend");
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  // BEGIN meets the deadline; the sink reconnects once for it, and with a new backend all is well.
  const auto result = written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  const auto took = std::chrono::steady_clock::now() - start;
  ::kill(backend, SIGCONT);
  CHECK(result.ranges.at(0).synced == 1);
  CHECK(took >= std::chrono::milliseconds(990));
  CHECK(took < std::chrono::seconds(8));
}

TEST_CASE("a backend that stops in the middle of a batch is given up at the deadline", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  if (!server_is_local()) {
    WARN("skipped: DATABASE_URL is not on this machine");
    return;
  }
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(2);
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  const auto backend = static_cast<pid_t>(std::stol(backend_of_sink(fixture)));
  // Held up by a lock on the ledger, so that the batch is surely under way when the backend is stopped.
  fixture.exec("BEGIN");
  fixture.exec("LOCK TABLE sync_batches IN ACCESS EXCLUSIVE MODE");
  Failure failure;
  std::thread writer(
      [&] { failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}); });
  while (fixture.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = " + std::to_string(backend)) != "1") {
    std::this_thread::yield();
  }
  const bool stopped = ::kill(backend, SIGSTOP) == 0;
  fixture.exec("ROLLBACK");
  writer.join();
  ::kill(backend, SIGCONT);
  if (!stopped) {
    WARN("skipped: no permission to stop the server's backend");
    return;
  }
  CHECK(failure.failure_class == FailureClass::reconnect);
  CHECK_THAT(failure.message, Catch::Contains("no answer within 2 s"));
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range(true)}).ranges.at(0).synced == 1);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "1");
}

TEST_CASE("a lock that is held too long ends in a retry, with the connection kept", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(1);
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  const std::string backend = backend_of_sink(fixture);
  fixture.exec("BEGIN");
  fixture.exec("LOCK TABLE small_files IN ACCESS EXCLUSIVE MODE");
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  fixture.exec("ROLLBACK");
  CHECK(failure.failure_class == FailureClass::retry_batch);
  CHECK(failure.sqlstate == "55P03");
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  CHECK(backend_of_sink(fixture) == backend);
}

TEST_CASE("a violation of another unique index than the key's is the row's fault", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec("CREATE UNIQUE INDEX one_note ON small_files (note)");
  written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a", 0, "same")).range()});
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 2).add(2, small_row(1, "/b", 0, "same")).range()});
  CHECK(failure.failure_class == FailureClass::row_refused);
  CHECK_THAT(failure.message, Catch::Contains("one_note"));
}

TEST_CASE("near types, enums, partitions, triggers and row security all take rows", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = all_types_stream();
  const std::string definition =
      "(sensor varchar(40) NOT NULL, number integer, level numeric, label mood, valid boolean, seen_at timestamp, "
      "details json, "
      "raw bytea, sync_version bigint NOT NULL DEFAULT 0, PRIMARY KEY (sensor))";
  const std::string way = GENERATE(as<std::string>(), "plain", "partitioned", "trigger", "row security");
  fixture.exec("CREATE TYPE mood AS ENUM ('good', 'bad')");
  fixture.exec("CREATE TABLE readings " + definition + (way == "partitioned" ? " PARTITION BY HASH (sensor)" : ""));
  if (way == "partitioned") {
    fixture.exec("CREATE TABLE readings_0 PARTITION OF readings FOR VALUES WITH (MODULUS 2, REMAINDER 0)");
    fixture.exec("CREATE TABLE readings_1 PARTITION OF readings FOR VALUES WITH (MODULUS 2, REMAINDER 1)");
  } else if (way == "trigger") {
    fixture.exec("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$");
    fixture.exec("CREATE TRIGGER watching BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION nothing()");
  } else if (way == "row security") {
    fixture.exec("ALTER TABLE readings ENABLE ROW LEVEL SECURITY");
    fixture.exec("ALTER TABLE readings FORCE ROW LEVEL SECURITY");
  }
  const auto sink = fixture.destination()->make_sink({&stream});
  for (std::int64_t version = 1; version <= 3; ++version) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(version));
    for (const char* key : {"a", "b", "c"}) {
      rows.add(version,
               {Value::text(key), Value::integer(version), Value::real(0.5), Value::text("bad"), Value::boolean(true),
                Value::timestamp(1'700'000'000'123'456), Value::json("{ \"kept\":1}"), Value::bytes("\x01")});
    }
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 3);
    CHECK(
        fixture.query(
            "SELECT number, level, label, seen_at, details, count(*) OVER () FROM readings ORDER BY sensor LIMIT 1") ==
        Rows{{std::to_string(version), "0.5", "bad", "2023-11-14 22:13:20.123456", "{ \"kept\":1}", "3"}});
  }
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 9)
                                              .add(9, {Value::text(std::string(41, 'x')), Value::integer(1LL << 40),
                                                       Value(), Value(), Value(), Value(), Value(), Value()})
                                              .range()});
  CHECK(failure.failure_class == FailureClass::row_refused);  // never cut short
}

TEST_CASE("a database that is not UTF8 is refused with the reason and the cure", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string name = fixture.schema() + "_latin1";
  fixture.exec("CREATE DATABASE " + name + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  {
    const auto sink = make_destination(database_url_with("dbname=" + name), {})->make_sink({});
    const auto failure = sink->open();
    REQUIRE(failure);
    CHECK(failure->failure_class == FailureClass::schema);
    CHECK_THAT(failure->message, Catch::Contains("LATIN1") && Catch::Contains("ENCODING 'UTF8'"));
  }
  fixture.exec("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_CASE("clocks too far apart are misconfigured, and nothing is sent", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  DestinationOptions options;
  std::int64_t ours_ahead_us = 0;
  std::int64_t newest_ahead_us = 0;
  options.stamp_clock = [&] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    return StampClock{us + ours_ahead_us, us + newest_ahead_us};
  };
  std::vector<std::int64_t> told;
  options.clock_compared = [&](std::int64_t ahead_us) { told.push_back(ahead_us / 1'000'000); };
  const auto failure_with = [&](std::int64_t ours_s, std::int64_t newest_s) {
    ours_ahead_us = ours_s * 1'000'000;
    newest_ahead_us = newest_s * 1'000'000;
    const auto sink = fixture.destination(options)->make_sink({&stream});
    const auto failure = sink->open();
    REQUIRE(failure);
    CHECK(failure->failure_class == FailureClass::login_or_target);
    CHECK_THAT(failure->message, Catch::Contains("misconfigured") && Catch::Contains("SYNC_CLOCK_TOLERANCE (300 s)"));
    return failure->message;
  };
  CHECK_THAT(failure_with(3600, 3600), Catch::Contains("s behind this machine's"));
  CHECK_THAT(failure_with(-3600, -3600), Catch::Contains("s ahead of this machine's"));
  CHECK_THAT(failure_with(0, 3600),
             Catch::Contains("records are stamped") && Catch::Contains("--shift-versions -3600"));
  ours_ahead_us = newest_ahead_us = 250'000'000;
  opens(*fixture.destination(options)->make_sink({&stream}));
  REQUIRE(told.size() == 4);
  CHECK(std::abs(told[0] - 3600) < 60);
  CHECK(std::abs(told[1] + 3600) < 60);
  CHECK(std::abs(told[2] - 3600) < 60);
  CHECK(told[3] == 0);
}

TEST_CASE("a read-only database is unfit for now", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({&stream}));
  std::string url = fixture.url();
  const std::string schema = "search_path%3D" + fixture.schema();
  url.replace(url.find(schema), schema.size(), schema + "%20-cdefault_transaction_read_only%3Don");
  const auto sink = make_destination(url, {})->make_sink({&stream});
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  CHECK(failure.failure_class == FailureClass::unfit_for_now);
  CHECK(failure.sqlstate == "25006");
}

TEST_CASE("a stored path or name gives its bytes back in SQL", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  opens(*fixture.destination()->make_sink({}));
  for (const std::string& bytes :
       {std::string("/plain/\xc3\xa4"), std::string("/latin/\xe4 100%"), std::string("/%/x%41"),
        std::string("/\xed\xa0\x80/\xff\n\\"), std::string("%/"), std::string("")}) {
    std::string hex;
    for (const char c : bytes) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
      hex += two;
    }
    const auto quoted = [](std::string text) {
      for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) text.insert(at, 1, '\'');
      return "'" + text + "'";
    };
    CHECK(fixture.one("SELECT encode(forebay_path_bytes(" + quoted(stored_path(bytes)) + "), 'hex')") == hex);
    CHECK(fixture.one("SELECT encode(forebay_name_bytes(" + quoted(stored_name(bytes)) + "), 'hex')") == hex);
  }
}

}  // namespace
}  // namespace forebay::test
