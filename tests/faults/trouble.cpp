#include "faults/trouble.hpp"

#include <libpq-fe.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

namespace forebay::test {
namespace {

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  const std::string id = std::to_string(process);
  std::ifstream in("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; in >> child;) children.push_back(child);
  return children;
}

std::string title_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/cmdline");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The backends that serve the processes. By /proc, as a server that is in trouble cannot be asked.
std::vector<pid_t> troubled_backends(const PrivatePostgres& server) {
  std::vector<pid_t> backends;
  if (server.postmaster() <= 0) return backends;
  for (const pid_t child : children_of(server.postmaster())) {
    if (title_of(child).starts_with("postgres: " + std::string(kTroubledRole) + " ")) backends.push_back(child);
  }
  return backends;
}

void signal_server(const PrivatePostgres& server, int number) {
  if (server.postmaster() <= 0) return;
  server.signal(server.postmaster(), number);
  for (const pid_t child : children_of(server.postmaster())) server.signal(child, number);
}

/// A statement that is sent, and may wait for a lock for as long as it likes.
class SentSql {
 public:
  bool send(const PrivatePostgres& server, const std::string& sql) {
    if (server.postmaster() <= 0) return false;
    connection_.reset(
        PQconnectdb(server.url("&connect_timeout=2&options=-cdefault_transaction_read_only%3Doff").c_str()));
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    return PQstatus(connection_.get()) == CONNECTION_OK && PQsendQuery(connection_.get(), sql.c_str()) == 1;
  }
  void wait() {
    while (PGresult* result = PQgetResult(connection_.get())) PQclear(result);
  }
  void hang_up() { connection_.reset(); }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
};

/// A change by SQL, and what undoes it, whether it was made or not.
Trouble change(PrivatePostgres& server, std::string_view name, std::string sql, std::string undo) {
  auto sent = std::make_shared<SentSql>();
  return {name, [&server, sent, sql = std::move(sql)](std::uint64_t) { return sent->send(server, sql); },
          [&server, undo = std::move(undo)] { server.exec(undo); },
          [sent] {
            sent->wait();
            sent->hang_up();
          }};
}

Trouble network(std::string_view name, std::function<void(std::uint64_t)> begin, std::function<void()> end) {
  return {name,
          [begin = std::move(begin)](std::uint64_t draw) {
            begin(draw);
            return true;
          },
          std::move(end)};
}

/// To the processes' backends.
Trouble signals(PrivatePostgres& server, std::string_view name, int number, bool one_only, int at_end) {
  return {name,
          [&server, number, one_only](std::uint64_t) {
            bool any = false;
            for (const pid_t backend : troubled_backends(server)) {
              if (!(one_only && any)) any = server.signal(backend, number) || any;
            }
            return any;
          },
          [&server, at_end] {
            for (const pid_t backend : troubled_backends(server)) server.signal(backend, at_end);
          }};
}

}  // namespace

std::vector<Trouble> make_troubles(PrivatePostgres& server, TcpProxy& proxy, const std::string& schema) {
  std::vector<Trouble> all;
  all.push_back(network(
      "black hole", [&](std::uint64_t) { proxy.black_hole = true; }, [&] { proxy.black_hole = false; }));
  all.push_back(network(
      "delay", [&](std::uint64_t draw) { proxy.delay_ms = static_cast<int>(1 + draw % 50); },
      [&] { proxy.delay_ms = 0; }));
  all.push_back(network(
      "trickle", [&](std::uint64_t draw) { proxy.trickle_bytes = static_cast<int>(50 + draw % 500); },
      [&] { proxy.trickle_bytes = 0; }));
  all.push_back(network(
      "reset after N bytes",
      [&](std::uint64_t draw) { proxy.reset_after_bytes = static_cast<std::int64_t>(1 + draw % 20'000); },
      [&] { proxy.reset_after_bytes = 0; }));
  all.push_back(network(
      "answers to COMMIT lost", [&](std::uint64_t) { proxy.lose_commit_answer = true; },
      [&] { proxy.lose_commit_answer = false; }));
  all.push_back(network(
      "connections dropped", [&](std::uint64_t) { proxy.drop(); }, [&] { proxy.drop(); }));
  all.push_back(signals(server, "backends stopped", SIGSTOP, false, SIGCONT));
  all.push_back(signals(server, "backends terminated", SIGTERM, false, SIGCONT));
  all.push_back(signals(server, "a backend killed", SIGKILL, true, SIGCONT));
  all.push_back({"server stopped by SIGSTOP",
                 [&](std::uint64_t) {
                   signal_server(server, SIGSTOP);
                   return server.postmaster() > 0;
                 },
                 [&] { signal_server(server, SIGCONT); }});
  all.push_back({"immediate stop and restart",
                 [&](std::uint64_t) {
                   server.stop(SIGQUIT);
                   return true;
                 },
                 [&] { server.start(); }});
  const std::string path = "SET search_path = " + schema + "; ";
  all.push_back({"table locked", nullptr, nullptr});
  {
    auto sent = std::make_shared<SentSql>();
    all.back().begin = [&server, sent, path](std::uint64_t draw) {
      return sent->send(server, path + "BEGIN; LOCK TABLE " + (draw % 2 == 0 ? "crash_own" : "crash_hot"));
    };
    all.back().end = [sent] { sent->hang_up(); };
  }
  const std::string role = kTroubledRole;
  const std::string hang_up = "; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'";
  all.push_back(change(server, "no connection free (53300)", "ALTER ROLE " + role + " CONNECTION LIMIT 0" + hang_up,
                       "ALTER ROLE " + role + " CONNECTION LIMIT -1"));
  all.push_back(change(server, "login refused (28000)", "ALTER ROLE " + role + " NOLOGIN" + hang_up,
                       "ALTER ROLE " + role + " LOGIN"));
  all.push_back(change(server, "read-only (25006)",
                       "ALTER ROLE " + role + " SET default_transaction_read_only = on" + hang_up,
                       "ALTER ROLE " + role + " RESET default_transaction_read_only" + hang_up));
  all.push_back(change(server, "rows refused (23514)",
                       path + "ALTER TABLE crash_own ADD CONSTRAINT odd_one CHECK (number % 40 <> 7) NOT VALID; "
                              "ALTER TABLE crash_hot ADD CONSTRAINT odd_one CHECK (stamp % 40 <> 7) NOT VALID",
                       path + "ALTER TABLE crash_own DROP CONSTRAINT IF EXISTS odd_one; "
                              "ALTER TABLE crash_hot DROP CONSTRAINT IF EXISTS odd_one"));
  all.push_back(change(
      server, "a column renamed (42703)", path + "ALTER TABLE crash_own RENAME payload TO renamed",
      path + "DO $$ BEGIN IF EXISTS (SELECT FROM information_schema.columns WHERE table_schema = '" + schema +
          "' AND table_name = 'crash_own' AND column_name = 'renamed') THEN ALTER TABLE crash_own RENAME renamed TO "
          "payload; END IF; END $$"));
  return all;
}

}  // namespace forebay::test
