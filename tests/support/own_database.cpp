#include "support/own_database.hpp"

#include <libpq-fe.h>

#include <catch2/catch.hpp>

namespace forebay::test {

OwnDatabase::OwnDatabase(PostgresFixture& server, const std::string& options)
    : server_(server), name_(server.schema() + "_own") {
  server_.exec("CREATE ROLE " + name_ + " LOGIN");
  server_.exec("CREATE DATABASE " + name_ + " TEMPLATE template0 " + options);
  // As sql/postgres/role.sql says: before 15 everyone may create there.
  exec("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
}

OwnDatabase::~OwnDatabase() {
  server_.exec("DROP DATABASE " + name_ + " WITH (FORCE)");
  server_.exec("DROP ROLE " + name_);
}

std::string OwnDatabase::url() const { return database_url_with("dbname=" + name_ + "&user=" + name_); }

std::string OwnDatabase::owner_url() const { return database_url_with("dbname=" + name_); }

void OwnDatabase::allow_create() const { exec("GRANT CREATE ON SCHEMA public TO " + name_); }

Rows OwnDatabase::query(const std::string& sql) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(owner_url().c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) FAIL(sql << ": " << PQerrorMessage(connection.get()));
  Rows rows;
  for (int r = 0; r < PQntuples(result.get()); ++r) {
    auto& row = rows.emplace_back();
    for (int f = 0; f < PQnfields(result.get()); ++f)
      row.push_back(PQgetisnull(result.get(), r, f) != 0 ? kNull : std::string(PQgetvalue(result.get(), r, f)));
  }
  return rows;
}

}  // namespace forebay::test
