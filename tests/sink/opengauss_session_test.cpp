#include <libpq-fe.h>

#include <chrono>
#include <thread>

#include "sink/contract.hpp"

// Logins and sessions, at stand-ins of openGauss.
namespace forebay::test {
namespace {

TEST_CASE("passwords that only openGauss's own libpq can send are told with what to change at the server",
          "[postgres]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  // 10 is sha256, 11 md5 over sha256, 13 SM3: what libpq says of each was tried with a stock libpq 15.
  fixture.server().offers_authentication = GENERATE(10, 11, 13);
  INFO(fixture.server().offers_authentication);
  const auto failure = make_destination(fixture.url() + "&password=canary", {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::login_or_target);
  CHECK_THAT(failure->message, Catch::Contains("password_encryption_type = 1") &&
                                   Catch::Contains("give the role a new password") && Catch::Contains("pg_hba.conf") &&
                                   Catch::Contains("docs/opengauss.md") && !Catch::Contains("canary") &&
                                   !Catch::Contains("\n"));
}

TEST_CASE("an idle session is not ended by openGauss's session_timeout, since it is set to 0", "[postgres]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  fixture.server().session_timeout_ms = 200;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  // Somebody else's session ends, and so ours would have by now.
  const std::unique_ptr<PGconn, decltype(&PQfinish)> other(PQconnectdb(fixture.url().c_str()), &PQfinish);
  while (fixture.server().idle_drops() == 0) std::this_thread::yield();
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.server().connections() == 2);
}

TEST_CASE("a session that openGauss ended while it was idle is replaced before a batch is sent", "[postgres]") {
  OpenGaussFixture fixture(kOpenGauss6PG);
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.server().ends_all_idle = true;
  fixture.server().session_timeout_ms = 50;
  while (fixture.server().idle_drops() == 0) std::this_thread::yield();
  fixture.server().session_timeout_ms = 0;
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.server().connections() == 2);
}

TEST_CASE("a '' that is sent comes back as the mode has it, and NULL stays NULL", "[postgres]") {
  const OpenGaussRelease release = GENERATE(kOpenGauss2A, kOpenGauss5A, kOpenGauss6PG);
  INFO(release.version);
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  Stream stream = small_stream();
  stream.columns[3].not_null = true;  // said of rows, and not enforced there
  const auto sink = fixture.destination()->make_sink({&stream});
  for (std::int64_t version = 1; version <= 2; ++version) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(version));
    rows.add(version, small_row(1, "/empty", version, "")).add(version, small_row(1, "/some", version, "x"));
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 2);
    CHECK(fixture.query("SELECT note FROM small_files ORDER BY path") == Rows{{fixture.stored_empty()}, {"x"}});
  }
}

TEST_CASE("every column of the built-in tables may be '' that a file or a set can have empty", "[postgres]") {
  OpenGaussFixture fixture(kOpenGauss2A);
  if (!fixture.available()) return;
  const Stream& files = backup_files_stream();
  const Stream& sets = backup_sets_stream();
  const auto sink = fixture.destination()->make_sink({&files, &sets});
  const auto row = [](const Stream& stream) {
    std::vector<Value> values;
    for (const Column& c : stream.columns) {
      const bool never_empty = c.name == "file_path" || c.name == "file_type";
      switch (c.type) {
        case ColumnType::text:
          values.push_back(Value::text(never_empty ? "x" : ""));
          break;
        case ColumnType::integer:
          values.push_back(Value::integer(1));
          break;
        case ColumnType::timestamp:
          values.push_back(Value::timestamp(1));
          break;
        default:
          values.emplace_back();
      }
    }
    return values;
  };
  for (std::int64_t version = 1; version <= 2; ++version) {
    const auto segment = static_cast<std::uint64_t>(version);
    const Written both = written(*sink, {RangeMaker(files, "f", segment).add(version, row(files)).range(),
                                         RangeMaker(sets, "s", segment).add(version, row(sets)).range()});
    CHECK(both.ranges.at(0).synced == 1);
    CHECK(both.ranges.at(1).synced == 1);
  }
}

}  // namespace
}  // namespace forebay::test
