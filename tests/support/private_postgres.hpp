#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sink/fixtures.hpp"

namespace forebay::test {

/// A PostgreSQL server of a test's own, which it may stop, kill and start again: on a Unix socket in a private folder
/// and a port of 127.0.0.1, as user postgres when root calls, without flushes. Its cluster is a copy of one that is
/// made once for each run of the tests. Database "forebay"; superuser "postgres", let in without a password; others
/// over TCP as well, but for role "locked", which needs one there.
class PrivatePostgres {
 public:
  /// False, and said so, where PostgreSQL's programs are not installed.
  static bool available();

  explicit PrivatePostgres(const std::vector<std::string>& settings = {});
  /// An asynchronous standby, from a copy of the primary, which is stopped for it; it follows until cut_off().
  struct StandbyOf {
    PrivatePostgres& primary;
  };
  explicit PrivatePostgres(StandbyOf of);
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  void start();
  /// `signal`: SIGQUIT ends it at once, as `pg_ctl stop -m immediate`; SIGINT: fast. Waits until it is gone.
  void stop(int signal);
  /// Stops it, and starts it again with that as the next transaction's ID. From PostgreSQL 15 on.
  void set_next_id(std::uint32_t id);
  /// Whether set_next_id() can be called: not with servers that come without their pg_resetwal, as npm's. Says so.
  static bool sets_next_id();
  /// Of a standby: waits until it has what the primary has now, then it receives no more.
  void cut_off(const PrivatePostgres& primary) const;
  /// Of a standby: it takes writes when this returns.
  void promote() const;
  pid_t postmaster() const { return postmaster_; }
  /// To a process of it: false where that is not allowed.
  bool signal(pid_t process, int number) const;

  int port() const { return port_; }
  std::string socket() const { return folder_ + "/.s.PGSQL." + std::to_string(port_); }
  std::string url(const std::string& parameters = {}) const;
  /// Of this server and another, in that order.
  std::string url_with(const PrivatePostgres& other) const;
  void exec(const std::string& sql) const { query(sql); }
  Rows query(const std::string& sql) const;
  std::string one(const std::string& sql) const { return query(sql).at(0).at(0); }

 private:
  std::string folder_;
  std::vector<std::string> settings_;
  int port_ = 0;
  pid_t postmaster_ = -1;
};

}  // namespace forebay::test
