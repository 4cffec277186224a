#include "sink/postgres/pqxx.hpp"

#include <catch2/catch.hpp>
#include <new>
#include <stdexcept>

namespace forebay {
namespace {

TEST_CASE("libpqxx's errors are told from those that only pass through it, whichever libpqxx it is", "[sink]") {
  CHECK(thrown_by_pqxx(pqxx::failure("x")));
  CHECK(thrown_by_pqxx(pqxx::broken_connection("x")));
  CHECK(thrown_by_pqxx(pqxx::sql_error("x", "SELECT 1", "42601")));
  CHECK(thrown_by_pqxx(pqxx::in_doubt_error("x")));
  CHECK(thrown_by_pqxx(pqxx::internal_error("x")));
  CHECK(thrown_by_pqxx(pqxx::usage_error("x")));
  CHECK(thrown_by_pqxx(pqxx::argument_error("x")));
  CHECK(thrown_by_pqxx(pqxx::conversion_error("x")));
  CHECK(thrown_by_pqxx(pqxx::unexpected_rows("x")));
  CHECK_FALSE(thrown_by_pqxx(std::bad_alloc()));
  CHECK_FALSE(thrown_by_pqxx(std::runtime_error("x")));
  CHECK_FALSE(thrown_by_pqxx(std::logic_error("x")));
}

TEST_CASE("an error's SQLSTATE is that of its type where libpqxx keeps no other", "[sink]") {
  CHECK(sqlstate_of(pqxx::sql_error("x", "SELECT 1", "42601")) == "42601");
  CHECK(sqlstate_of(pqxx::too_many_connections("x")) == "53300");
  CHECK(sqlstate_of(pqxx::usage_error("x")).empty());
#if PQXX_VERSION_MAJOR < 7
  CHECK(sqlstate_of(pqxx::deadlock_detected("x")) == "40P01");
  CHECK(sqlstate_of(pqxx::statement_completion_unknown("x")) == "40003");
  CHECK(sqlstate_of(pqxx::serialization_failure("x")) == "40001");
  CHECK(sqlstate_of(pqxx::transaction_rollback("x")) == "40000");
#else
  CHECK(sqlstate_of(pqxx::deadlock_detected("x", "SELECT 1", "40P01")) == "40P01");
#endif
}

}  // namespace
}  // namespace forebay
