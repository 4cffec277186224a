#pragma once

#include <memory>
#include <string>

#include "engine/destination.hpp"
#include "sink/fixtures.hpp"

namespace forebay::test {

/// A database of one test's own, and a role of the same name without any rights in it, in the server of DATABASE_URL.
class OwnDatabase {
 public:
  /// `options` of CREATE DATABASE.
  explicit OwnDatabase(PostgresFixture& server, const std::string& options = {});
  OwnDatabase(const OwnDatabase&) = delete;
  OwnDatabase& operator=(const OwnDatabase&) = delete;
  ~OwnDatabase();

  const std::string& role() const { return name_; }
  /// As that role; and as the superuser of the tests, who owns the database.
  std::string url() const;
  std::string owner_url() const;
  std::unique_ptr<Destination> destination() const { return make_destination(url(), {}); }
  /// Lets the role create tables in schema public.
  void allow_create() const;

  /// As the superuser.
  Rows query(const std::string& sql) const;
  void exec(const std::string& sql) const { query(sql); }
  std::string one(const std::string& sql) const { return query(sql).at(0).at(0); }

 private:
  PostgresFixture& server_;
  std::string name_;
};

}  // namespace forebay::test
