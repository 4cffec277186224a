#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <future>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/fake_postgres.hpp"
#include "support/tcp_proxy.hpp"

namespace forebay::test {
namespace {

std::string url_to(int port) {
  return "postgresql://me:canary@127.0.0.1:" + std::to_string(port) + "/d?sslmode=disable&gssencmode=disable";
}

std::string error_response(const std::string& severity, const std::string& sqlstate, const std::string& message) {
  using namespace std::string_literals;
  const std::string fields = "S" + severity + "\0"s + "C" + sqlstate + "\0"s + "M" + message + "\0"s + "\0"s;
  const auto size = static_cast<std::uint32_t>(fields.size() + 4);
  std::string packet = "E";
  for (int shift = 24; shift >= 0; shift -= 8) packet += static_cast<char>(size >> shift);
  return packet + fields;
}

TEST_CASE("a server that refuses the login is told apart by its SQLSTATE, in any language", "[threads]") {
  struct Case {
    const char* sqlstate;
    FailureClass expected;
  };
  const Case refusal =
      GENERATE(Case{"28P01", FailureClass::login_or_target}, Case{"28000", FailureClass::login_or_target},
               Case{"3D000", FailureClass::login_or_target}, Case{"53300", FailureClass::unfit_for_now},
               Case{"57P03", FailureClass::unfit_for_now});
  const LocalServer server([&](int client) {
    char startup[1024];
    if (::read(client, startup, sizeof startup) <= 0) return;
    const std::string packet = error_response("致命错误", refusal.sqlstate, "说明 \"me\"");
    if (::send(client, packet.data(), packet.size(), MSG_NOSIGNAL) > 0) ::shutdown(client, SHUT_WR);
  });
  const auto failure = make_destination(url_to(server.port()), {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == refusal.expected);
  CHECK(failure->sqlstate == refusal.sqlstate);
  CHECK_THAT(failure->message, Catch::Contains("说明 \"me\"") && Catch::Contains("postgresql://me@127.0.0.1:") &&
                                   !Catch::Contains("canary") && !Catch::Contains("\n"));
}

TEST_CASE("a server that accepts and then says nothing ends at the connect deadline", "[threads]") {
  const LocalServer server([](int client) {
    char startup[1024];
    while (::read(client, startup, sizeof startup) > 0) {
    }
  });
  DestinationOptions options;
  options.connect_timeout = std::chrono::seconds(1);
  const auto start = std::chrono::steady_clock::now();
  const auto failure = make_destination(url_to(server.port()), options)->make_sink({})->open();
  const auto took = std::chrono::steady_clock::now() - start;
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::unfit_for_now);
  CHECK_THAT(failure->message, Catch::Contains("no answer within 1 s (SYNC_CONNECT_TIMEOUT)"));
  CHECK(took >= std::chrono::milliseconds(990));
  CHECK(took < std::chrono::seconds(5));
}

TEST_CASE("each server of a list has the connect deadline for itself, and the next one is tried", "[threads]") {
  const auto silent = [](int client) {
    char startup[1024];
    while (::read(client, startup, sizeof startup) > 0) {
    }
  };
  const LocalServer first(silent);
  const LocalServer second(silent);
  DestinationOptions options;
  options.connect_timeout = std::chrono::milliseconds(300);
  const auto start = std::chrono::steady_clock::now();
  const auto failure =
      make_destination("postgresql://me:canary@127.0.0.1:" + std::to_string(first.port()) +
                           ",127.0.0.1:" + std::to_string(second.port()) + "/d?sslmode=disable&gssencmode=disable",
                       options)
          ->make_sink({})
          ->open();
  const auto took = std::chrono::steady_clock::now() - start;
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::unfit_for_now);
  CHECK_THAT(failure->message, Catch::Contains("no answer within 300 ms (SYNC_CONNECT_TIMEOUT)"));
  CHECK(took >= std::chrono::milliseconds(590));
  CHECK(took < std::chrono::seconds(5));
}

TEST_CASE("a server of a list that is starting up or full is passed over, one that refuses the login is not",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  struct Case {
    const char* sqlstate;
    bool next;
  };
  const Case refusal = GENERATE(Case{"57P03", true}, Case{"53300", true}, Case{"28P01", false}, Case{"3D000", false});
  CAPTURE(refusal.sqlstate);
  const LocalServer first([&](int client) {
    char startup[1024];
    if (::read(client, startup, sizeof startup) <= 0) return;
    const std::string packet = error_response("FATAL", refusal.sqlstate, "not here");
    if (::send(client, packet.data(), packet.size(), MSG_NOSIGNAL) > 0) ::shutdown(client, SHUT_WR);
  });
  const TcpProxy second(fixture.one("SHOW unix_socket_directories") + "/.s.PGSQL." + fixture.one("SHOW port"));
  const auto failure =
      make_destination(
          "postgresql://" + fixture.one("SELECT current_user") + "@127.0.0.1:" + std::to_string(first.port()) +
              ",127.0.0.1:" + std::to_string(second.port()) + "/" + fixture.one("SELECT current_database()") +
              "?sslmode=disable&gssencmode=disable&options=-csearch_path%3D" + fixture.schema(),
          {})
          ->make_sink({})
          ->open();
  CHECK(failure.has_value() != refusal.next);
  if (failure) CHECK(failure->sqlstate == refusal.sqlstate);
}

TEST_CASE("a connect under way ends soon when its destination is interrupted", "[threads]") {
  std::promise<void> connected;
  const LocalServer server([&](int client) {
    char startup[1024];
    if (::read(client, startup, sizeof startup) > 0) connected.set_value();
    while (::read(client, startup, sizeof startup) > 0) {
    }
  });
  DestinationOptions options;
  options.connect_timeout = std::chrono::hours(1);
  const auto destination = make_destination(url_to(server.port()), options);
  const auto sink = destination->make_sink({});
  auto opening = std::async(std::launch::async, [&] { return sink->open(); });
  connected.get_future().wait();
  destination->interrupt();
  const auto failure = opening.get();  // in an hour, if that were not so
  REQUIRE(failure);
  CHECK_THAT(failure->message, Catch::Contains("given up"));
}

TEST_CASE("a batch whose COMMIT answer is lost lands once", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string folder = fixture.one("SHOW unix_socket_directories");
  TcpProxy proxy(folder + "/.s.PGSQL." + fixture.one("SHOW port"));
  const Stream stream = small_stream();
  const auto sink =
      make_destination("postgresql://" + fixture.one("SELECT current_user") + "@127.0.0.1:" +
                           std::to_string(proxy.port()) + "/" + fixture.one("SELECT current_database()") +
                           "?sslmode=disable&gssencmode=disable&options=-csearch_path%3D" + fixture.schema(),
                       {})
          ->make_sink({&stream});
  opens(*sink);
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a")).add(2, small_row(1, "/a")).add(3, small_row(1, "/b"));
  proxy.lose_commit_answer = true;
  const Failure failure = refused(*sink, {rows.range()});
  proxy.lose_commit_answer = false;
  CHECK(failure.failure_class == FailureClass::in_doubt);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "2");  // it had been done
  const auto again = written(*sink, {rows.range(true)}).ranges.at(0);
  CHECK(again.synced == 2);  // an upsert alone would call all of them superseded, or land them twice
  CHECK(again.superseded == 1);
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
}

}  // namespace
}  // namespace forebay::test
