#include "sink/sqlstate.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace forebay {
namespace {

struct Judged {
  const char* said;
  FailureClass expected;
};

constexpr std::array kServerErrors = {
    Judged{"40001", FailureClass::retry_batch},     Judged{"40P01", FailureClass::retry_batch},
    Judged{"55P03", FailureClass::retry_batch},     Judged{"57014", FailureClass::retry_half},
    Judged{"YY003", FailureClass::retry_batch},  // openGauss: lock wait timeout
    Judged{"YY001", FailureClass::reconnect},       Judged{"YY002", FailureClass::reconnect},
    Judged{"YY004", FailureClass::reconnect},       Judged{"YY006", FailureClass::unfit_for_now},
    Judged{"08000", FailureClass::reconnect},       Judged{"08006", FailureClass::reconnect},
    Judged{"57P01", FailureClass::reconnect},       Judged{"57P02", FailureClass::reconnect},
    Judged{"57P04", FailureClass::reconnect},       Judged{"57P05", FailureClass::reconnect},
    Judged{"25P03", FailureClass::reconnect},       Judged{"25P04", FailureClass::reconnect},
    Judged{"40003", FailureClass::in_doubt},        Judged{"25006", FailureClass::unfit_for_now},
    Judged{"0B000", FailureClass::unfit_for_now},   Judged{"53000", FailureClass::unfit_for_now},
    Judged{"53100", FailureClass::unfit_for_now},   Judged{"53200", FailureClass::unfit_for_now},
    Judged{"53300", FailureClass::unfit_for_now},   Judged{"53400", FailureClass::unfit_for_now},
    Judged{"57P03", FailureClass::unfit_for_now},   Judged{"28P01", FailureClass::login_or_target},
    Judged{"28000", FailureClass::login_or_target}, Judged{"3D000", FailureClass::login_or_target},
    Judged{"3F000", FailureClass::login_or_target}, Judged{"42P01", FailureClass::schema},
    Judged{"42501", FailureClass::schema},          Judged{"42703", FailureClass::schema},
    Judged{"42P10", FailureClass::schema},          Judged{"42804", FailureClass::schema},
    Judged{"55000", FailureClass::schema},          Judged{"22P03", FailureClass::schema},
    Judged{"22P04", FailureClass::schema},          Judged{"22001", FailureClass::row_refused},
    Judged{"22003", FailureClass::row_refused},     Judged{"22021", FailureClass::row_refused},
    Judged{"22P02", FailureClass::row_refused},     Judged{"22P05", FailureClass::row_refused},
    Judged{"23502", FailureClass::row_refused},     Judged{"23503", FailureClass::row_refused},
    Judged{"23505", FailureClass::row_refused},     Judged{"23514", FailureClass::row_refused},
    Judged{"44000", FailureClass::row_refused},     Judged{"54000", FailureClass::row_refused},
    Judged{"P0001", FailureClass::row_refused},     Judged{"XX000", FailureClass::other},
    Judged{"58030", FailureClass::other},           Judged{"0A000", FailureClass::other},
    Judged{"57000", FailureClass::other},
};

// As libpq 15 says it.
constexpr std::array kLibpqErrors = {
    Judged{"fe_sendauth: no password supplied", FailureClass::login_or_target},
    Judged{"SSL SYSCALL error: Connection reset by peer", FailureClass::unfit_for_now},
    Judged{"SSL connection has been closed unexpectedly", FailureClass::unfit_for_now},
    Judged{"SSL error: unexpected eof while reading", FailureClass::unfit_for_now},
    Judged{"SSL error: certificate verify failed", FailureClass::login_or_target},
    Judged{"server certificate for \"a\" does not match host name \"b\"", FailureClass::login_or_target},
    Judged{"root certificate file \"/x/root.crt\" does not exist", FailureClass::login_or_target},
    Judged{"server does not support SSL, but SSL was required", FailureClass::login_or_target},
    Judged{"service file \"/nope\" not found", FailureClass::login_or_target},
    Judged{"definition of service \"x\" not found", FailureClass::login_or_target},
    Judged{"none of the server's SASL authentication mechanisms are supported", FailureClass::login_or_target},
    Judged{"authentication method 11 not supported", FailureClass::login_or_target},
    Judged{"authentication method 13 not supported", FailureClass::login_or_target},
    Judged{"fe_sendauth: invalid authentication request from server: AUTH_REQ_SASL_CONT without AUTH_REQ_SASL",
           FailureClass::login_or_target},
    Judged{"duplicate SASL authentication request", FailureClass::login_or_target},
    Judged{"GSSAPI encryption required but it is not supported by the server", FailureClass::login_or_target},
    Judged{"session is read-only", FailureClass::unfit_for_now},
    Judged{"server is in hot standby mode", FailureClass::unfit_for_now},
    Judged{"session is not read-only", FailureClass::login_or_target},
    Judged{"could not translate host name \"x\" to address: Name or service not known", FailureClass::unfit_for_now},
    Judged{"invalid sslmode value: \"x\"", FailureClass::login_or_target},
    Judged{"Connection refused\n\tIs the server running on that host?", FailureClass::unfit_for_now},
    Judged{"No such file or directory", FailureClass::unfit_for_now},
    Judged{"Permission denied", FailureClass::login_or_target},
    Judged{"Network is unreachable", FailureClass::unfit_for_now},
    Judged{"No route to host", FailureClass::unfit_for_now},
    Judged{"Connection timed out", FailureClass::unfit_for_now},
    Judged{"server closed the connection unexpectedly", FailureClass::unfit_for_now},
};

TEST_CASE("each SQLSTATE has its class, and no row of the table is without one here") {
  std::set<const ErrorRow*> met;
  for (const Judged& j : kServerErrors) {
    INFO(j.said);
    CHECK(failure_class(j.said, Phase::statement) == j.expected);
    met.insert(find_sqlstate(j.said));
  }
  CHECK(failure_class("", Phase::statement) == FailureClass::reconnect);
  for (const ErrorRow& row : sqlstate_rows()) {
    INFO(row.sign);
    CHECK(met.count(&row) == 1);
  }
}

TEST_CASE("each error of the client itself has its class and cure, and no row of the table is without one here") {
  std::set<const ErrorRow*> met;
  for (const Judged& j : kLibpqErrors) {
    INFO(j.said);
    const ErrorRow* row = find_client_error(j.said);
    REQUIRE(row != nullptr);
    CHECK(row->failure_class == j.expected);
    CHECK_FALSE(row->cure.empty());
    met.insert(row);
  }
  CHECK(find_client_error("something new") == nullptr);
  for (const ErrorRow& row : client_error_rows()) {
    INFO(row.sign);
    CHECK(met.count(&row) == 1);
  }
}

TEST_CASE("a message ends with the SQLSTATE and what to do, where there is something to do") {
  CHECK(with_cure("d: disk full", "53100") == "d: disk full (53100); make room on the server's disk");
  CHECK(with_cure("d: gone", "57P01") == "d: gone (57P01)");
  CHECK(with_cure("d: lost", "") == "d: lost");
}

TEST_CASE("what libpq or a server says never ends where a semicolon would not go on") {
  const auto read = [](const char* said) { return parse_server_message(said).text; };
  CHECK(read("it is late.\n") == "it is late");
  CHECK(read("it is late!\n") == "it is late");
  CHECK(read("it is late...\n") == "it is late...");
  CHECK(read("is it late?\n") == "(is it late?)");
  CHECK(read("it is late.\nIs it?\n") == "it is late (Is it?)");
  CHECK(read("it is late\nIs it?\nIt is.\n") == "it is late (Is it?). It is");
  CHECK(read("FATAL:  28000: login denied.\n") == "login denied");

  const auto with = [](std::string message, std::string_view clause) {
    add_clause(message, "; ", clause);
    return message;
  };
  CHECK(with("cannot connect: refused", "is the server running?") ==
        "cannot connect: refused (is the server running?)");
  CHECK(with("cannot connect: refused", "check the network") == "cannot connect: refused; check the network");
  CHECK(with("cannot connect: refused", "") == "cannot connect: refused");
  for (const auto& rows : {sqlstate_rows(), client_error_rows()}) {
    for (const ErrorRow& row : rows) {
      const std::string message = with("m", row.cure);
      INFO(message);
      CHECK(std::string(".?!").find(message.back()) == std::string::npos);
    }
  }
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
  CHECK(
      refused.text ==
      "connection to server at \"localhost\" (127.0.0.1), port 1 failed: Connection refused (Is the server running on "
      "that host and accepting TCP/IP connections?)");
  CHECK(parse_server_message(
            "connection to server at \"a\", port 1 failed: Connection refused\n\tIs the server running?\n"
            "connection to server at \"b\", port 2 failed: timeout expired\n")
            .text ==
        "connection to server at \"a\", port 1 failed: Connection refused (Is the server running?); connection to "
        "server at \"b\", port 2 failed: timeout expired");
  CHECK(parse_server_message("root certificate file \"/r.crt\" does not exist\nEither provide the file or change "
                             "sslmode to disable server certificate verification.\n")
            .text ==
        "root certificate file \"/r.crt\" does not exist. Either provide the file or change sslmode to disable server "
        "certificate verification");
  CHECK(parse_server_message("server closed the connection unexpectedly\n\tThis probably means the server terminated "
                             "abnormally\n\tbefore or while processing the request.\n")
            .text ==
        "server closed the connection unexpectedly. This probably means the server terminated abnormally before or "
        "while processing the request");

  const auto login = parse_server_message(
      "connection to server at \"h\", port 5432 failed: 致命错误:  28P01: password authentication failed for user "
      "\"u\"\n"
      "LOCATION:  auth_failed, auth.c:338\n");
  CHECK(login.sqlstate == "28P01");
  CHECK(login.text == "password authentication failed for user \"u\"");
}

}  // namespace
}  // namespace forebay
