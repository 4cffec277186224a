#include "sink/sqlstate.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace forebay {
namespace {

TEST_CASE("each SQLSTATE has its class") {
  struct Row {
    const char* sqlstate;
    FailureClass statement;
  };
  const Row row = GENERATE(Row{"40001", FailureClass::retry_batch}, Row{"40P01", FailureClass::retry_batch},
                           Row{"55P03", FailureClass::retry_batch}, Row{"57014", FailureClass::retry_half},
                           Row{"", FailureClass::reconnect}, Row{"08000", FailureClass::reconnect},
                           Row{"08006", FailureClass::reconnect}, Row{"57P01", FailureClass::reconnect},
                           Row{"57P02", FailureClass::reconnect}, Row{"57P04", FailureClass::reconnect},
                           Row{"57P05", FailureClass::reconnect}, Row{"25P03", FailureClass::reconnect},
                           Row{"25006", FailureClass::unfit_for_now}, Row{"53100", FailureClass::unfit_for_now},
                           Row{"53300", FailureClass::unfit_for_now}, Row{"57P03", FailureClass::unfit_for_now},
                           Row{"28P01", FailureClass::login_or_target}, Row{"28000", FailureClass::login_or_target},
                           Row{"3D000", FailureClass::login_or_target}, Row{"3F000", FailureClass::login_or_target},
                           Row{"42P01", FailureClass::schema}, Row{"42501", FailureClass::schema},
                           Row{"42703", FailureClass::schema}, Row{"22001", FailureClass::row_refused},
                           Row{"22021", FailureClass::row_refused}, Row{"23502", FailureClass::row_refused},
                           Row{"23505", FailureClass::row_refused}, Row{"23514", FailureClass::row_refused},
                           Row{"54000", FailureClass::row_refused}, Row{"P0001", FailureClass::row_refused},
                           Row{"40003", FailureClass::in_doubt}, Row{"XX000", FailureClass::other},
                           Row{"58030", FailureClass::other}, Row{"0A000", FailureClass::other});
  INFO(row.sqlstate);
  CHECK(failure_class(row.sqlstate, Phase::statement) == row.statement);
}

TEST_CASE("a connection that is lost while COMMIT is answered leaves the batch in doubt") {
  CHECK(failure_class("", Phase::commit) == FailureClass::in_doubt);
  CHECK(failure_class("57P01", Phase::commit) == FailureClass::in_doubt);
  CHECK(failure_class("08006", Phase::commit) == FailureClass::in_doubt);
  CHECK(failure_class("40001", Phase::commit) == FailureClass::retry_batch);  // said, not lost
  CHECK(failure_class("23503", Phase::commit) == FailureClass::row_refused);
}

TEST_CASE("a server that cannot be reached is away, not broken") {
  CHECK(failure_class("", Phase::connect) == FailureClass::unfit_for_now);
  CHECK(failure_class("28P01", Phase::connect) == FailureClass::login_or_target);
}

TEST_CASE("server messages become one line without a row's content") {
  const auto unique = parse_server_message(
      "ERROR:  23505: duplicate key value violates unique constraint \"backup_files_key\"\n"
      "DETAIL:  Key (backup_set_id, file_path)=(1, /secret) already exists.\nSCHEMA NAME:  public\n"
      "CONSTRAINT NAME:  backup_files_key\nLOCATION:  _bt_check_unique, nbtinsert.c:663\n");
  CHECK(unique.sqlstate == "23505");
  CHECK(unique.text == "duplicate key value violates unique constraint \"backup_files_key\"");
  CHECK(unique.constraint == "backup_files_key");

  const auto value =
      parse_server_message("ERROR:  22P02: invalid input syntax for type integer: \"my secret\"\nCONTEXT:  COPY t\n");
  CHECK(value.text == "invalid input syntax for type integer: \"…\"");

  const auto refused = parse_server_message(
      "connection to server at \"localhost\" (127.0.0.1), port 1 failed: Connection refused\n"
      "\tIs the server running on that host and accepting TCP/IP connections?\n");
  CHECK(refused.sqlstate.empty());
  CHECK(refused.text ==
        "connection to server at \"localhost\" (127.0.0.1), port 1 failed: Connection refused Is the server running on "
        "that "
        "host and accepting TCP/IP connections?");

  const auto login = parse_server_message(
      "connection to server at \"h\", port 5432 failed: 致命错误:  28P01: password authentication failed for user "
      "\"u\"\n"
      "LOCATION:  auth_failed, auth.c:338\n");
  CHECK(login.sqlstate == "28P01");
  CHECK(login.text == "password authentication failed for user \"u\"");
}

}  // namespace
}  // namespace forebay
