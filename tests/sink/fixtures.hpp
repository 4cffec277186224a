#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/destination.hpp"
#include "sink/postgres/dialect_opengauss.hpp"
#include "sink/sink.hpp"
#include "support/opengauss_stand_in.hpp"

namespace forebay::test {

using Rows = std::vector<std::vector<std::string>>;
inline const std::string kNull = "(null)";

/// A destination of its own for one test, and a way to look into it that does not go through forebay.
class SinkFixture {
 public:
  virtual ~SinkFixture() = default;
  /// False (and said so) where what the fixture needs is not there.
  virtual bool available() const = 0;
  virtual std::string url() const = 0;
  virtual void exec(const std::string& sql) = 0;
  virtual Rows query(const std::string& sql) = 0;
  virtual const Dialect& dialect() const = 0;
  /// Makes a table that the test created belong to whom forebay logs in as.
  virtual void hand_over(const std::string&) {}
  /// SQL expressions that give a timestamp as microseconds, and bytes as lower-case hex.
  virtual std::string as_microseconds(const std::string& column) const = 0;
  virtual std::string as_hex(const std::string& column) const = 0;

  std::unique_ptr<Destination> destination(DestinationOptions options = {}) const {
    return make_destination(url(), options);
  }
  std::string one(const std::string& sql) { return query(sql).at(0).at(0); }
};

class SqliteFixture : public SinkFixture {
 public:
  SqliteFixture();
  ~SqliteFixture() override;
  bool available() const override { return true; }
  std::string url() const override { return "sqlite:" + file_; }
  void exec(const std::string& sql) override;
  Rows query(const std::string& sql) override;
  const Dialect& dialect() const override { return dialect_; }
  std::string as_microseconds(const std::string& column) const override { return column; }
  std::string as_hex(const std::string& column) const override {
    return "CASE WHEN " + column + " IS NOT NULL THEN lower(hex(" + column + ")) END";
  }
  const std::string& file() const { return file_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_, file_;
  SqliteDialect dialect_;
};

/// A schema of its own in the database of DATABASE_URL.
class PostgresFixture : public SinkFixture {
 public:
  explicit PostgresFixture(const std::string& role = {});
  ~PostgresFixture() override;
  bool available() const override;
  std::string url() const override;
  void exec(const std::string& sql) override { query(sql); }
  Rows query(const std::string& sql) override;
  const Dialect& dialect() const override { return dialect_; }
  std::string as_microseconds(const std::string& column) const override {
    // Seconds by themselves: before 14 the epoch is a floating-point number, of 53 bits.
    return "(extract(epoch FROM date_trunc('second', " + column + "))::bigint * 1000000 + extract(microseconds FROM " +
           column + ")::bigint % 1000000)";
  }
  std::string as_hex(const std::string& column) const override { return "encode(" + column + ", 'hex')"; }
  void hand_over(const std::string& table) override;
  const std::string& schema() const { return schema_; }
  /// Ends the backends of pg_stat_activity's rows `which`, and waits until they are gone. How many there were.
  std::string end_backends(const std::string& which);

 private:
  struct Client;
  std::string schema_, role_;
  std::unique_ptr<Client> client_;
  PostgresDialect dialect_;
};

/// The same as a role that may not create temporary tables.
class PostgresNoTempFixture : public PostgresFixture {
 public:
  PostgresNoTempFixture() : PostgresFixture("forebay_test_notemp") {}
};

/// The same by way of a stand-in of an openGauss server, which forebay is left to recognise. The fixture itself looks
/// straight into the PostgreSQL behind it.
class OpenGaussFixture : public PostgresFixture {
 public:
  explicit OpenGaussFixture(const OpenGaussRelease& release);
  bool available() const override;
  std::string url() const override;
  const Dialect& dialect() const override { return dialect_; }
  OpenGaussStandIn& server() { return *server_; }

 private:
  const OpenGaussRelease release_;
  const OpenGaussDialect dialect_;
  std::unique_ptr<OpenGaussStandIn> server_;
};

class OpenGauss3AFixture : public OpenGaussFixture {
 public:
  OpenGauss3AFixture() : OpenGaussFixture(kOpenGauss3A) {}
};

class OpenGauss3BFixture : public OpenGaussFixture {
 public:
  OpenGauss3BFixture() : OpenGaussFixture(kOpenGauss3B) {}
};

class OpenGauss5AFixture : public OpenGaussFixture {
 public:
  OpenGauss5AFixture() : OpenGaussFixture(kOpenGauss5A) {}
};

class OpenGauss6PGFixture : public OpenGaussFixture {
 public:
  OpenGauss6PGFixture() : OpenGaussFixture(kOpenGauss6PG) {}
};

class Dolphin6BFixture : public OpenGaussFixture {
 public:
  Dolphin6BFixture() : OpenGaussFixture(kDolphin6B) {}
};

/// DATABASE_URL with more parameters ("user=x&dbname=y"), which win over what it says.
std::string database_url_with(const std::string& parameters);

}  // namespace forebay::test
