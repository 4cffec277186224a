#include "sink/postgres/distribution.hpp"

#include <catch2/catch.hpp>

#include "sink/postgres/dialect_citus.hpp"
#include "sink/sqlstate.hpp"
#include "sink/test_streams.hpp"

// What Citus 13.2.2 on PostgreSQL 15.20 said in a run of tests/sink/postgres/citus_test.cpp.
namespace forebay {
namespace {

TEST_CASE("what Citus's COPY says of a refused row and of a lost worker sends the batch the other way") {
  // "duplicate key value violates unique constraint "t_pkey_102041"", "new row for relation "t_102041" violates check
  // constraint "positive"", "null value in column "note" of relation "t_102041" violates not-null constraint", "index
  // row requires 64024 bytes, maximum size is 8191", "failure on connection marked as essential: 127.0.0.1:9702"
  CHECK(is_vague("XX000"));
  // "failed to COPY to shard 102041 on 127.0.0.1:9702"
  CHECK(is_vague("58030"));
  // What the coordinator itself refuses has its code, and names its row.
  for (const char* precise : {"22004", "22P02", "22021", "57014", "40P01", "08006", ""}) CHECK_FALSE(is_vague(precise));
}

TEST_CASE("an INSERT into a distributed table is refused with the worker's code") {
  const auto said = [](const std::string& verbose) { return parse_server_message(verbose); };
  const ServerMessage check = said(
      "ERROR:  23514: new row for relation \"t_102041\" violates check constraint \"positive\"\n"
      "DETAIL:  Failing row contains (1, /q, -2, x, 2026-11-30 11:20:02.999065+00).\n"
      "CONTEXT:  while executing command on 127.0.0.1:9702\n");
  CHECK(failure_class(check.sqlstate, Phase::statement) == FailureClass::row_refused);
  CHECK(check.text == "new row for relation \"t_102041\" violates check constraint \"positive\"");
  CHECK(check.constraint.empty());
  CHECK(named_constraint(check.text, {"t_pkey", "positive"}) == "positive");

  const ServerMessage null = said(
      "ERROR:  23502: null value in column \"note\" of relation \"t_102041\" violates not-null constraint\n"
      "DETAIL:  Failing row contains (1, /q, 1, null, 2026-11-30 11:20:03.013368+00).\n");
  CHECK(failure_class(null.sqlstate, Phase::statement) == FailureClass::row_refused);
  CHECK(named_constraint(null.text, {"t_pkey", "positive"}).empty());

  const ServerMessage large = said("ERROR:  54000: index row requires 64024 bytes, maximum size is 8191\n");
  CHECK(failure_class(large.sqlstate, Phase::statement) == FailureClass::row_refused);
}

TEST_CASE("a worker that is lost is a lost connection, whichever statement finds out") {
  for (const char* verbose :
       {"ERROR:  08006: connection to the remote node postgres@127.0.0.1:9702 failed with the following error: "
        "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n",
        "ERROR:  57P01: terminating connection due to administrator command\nCONTEXT:  while executing command on "
        "127.0.0.1:9702\n"}) {
    const ServerMessage message = parse_server_message(verbose);
    CHECK(failure_class(message.sqlstate, Phase::statement) == FailureClass::reconnect);
    CHECK(failure_class(message.sqlstate, Phase::commit) == FailureClass::in_doubt);
  }
}

TEST_CASE("a constraint is found in a worker's message by its name, with a shard's number or without") {
  const std::vector<std::string> names = {"size", "size_check", "lo_size_check", "t_pkey", "a b"};
  const auto in = [&](const char* message) { return named_constraint(message, names); };
  CHECK(in("new row for relation \"lo_102073\" violates check constraint \"lo_size_check_102073\"") == "lo_size_check");
  CHECK(in("duplicate key value violates unique constraint \"t_pkey_102041\"") == "t_pkey");
  CHECK(in("neue Zeile verletzt Check-Constraint »size_check«") == "size_check");
  CHECK(in("violates check constraint \"a b_1\"") == "a b");
  CHECK(in("violates check constraint \"size_check_1_x\"").empty());
  CHECK(in("violates check constraint \"oversize\"").empty());
  CHECK(in("").empty());
}

TEST_CASE("Citus's upsert takes the touched column from the row that is inserted") {
  const CitusDialect citus;
  CHECK(citus.name() == "postgres");
  CHECK_THAT(citus.upsert(test::small_stream("t"), "\"t\"", "SELECT 1"),
             Catch::Contains("\"touched_at\" = EXCLUDED.\"touched_at\" WHERE \"t\".\"row_version\" < "
                             "EXCLUDED.\"row_version\"") &&
                 !Catch::Contains("now()"));
  CHECK(citus.catalog().table_shape.starts_with(PostgresDialect().catalog().table_shape));
  CHECK_FALSE(PostgresDialect().may_distribute());
}

}  // namespace
}  // namespace forebay
