#include "support/opengauss_stand_in.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

#include "support/opengauss_values.hpp"

namespace forebay::test {
namespace {

std::string message(char type, const std::string& body) {
  return type + number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t more = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(more));
  }
  return true;
}

using Hear = std::function<void(char type, std::string body)>;

/// What a client says, message by message, as PostgreSQL is to hear it.
class ClientSide {
 public:
  ClientSide(const OpenGaussRelease& release, Hear hear) : release_(release), hear_(std::move(hear)) {}

  std::string heard(std::string_view bytes) {
    held_ += bytes;
    std::string out;
    for (;;) {
      const std::size_t type = started_ ? 1 : 0;
      if (held_.size() < type + 4) return out;
      const std::size_t size = type + number_at(held_, type);
      if (held_.size() < size) return out;
      const std::string whole = held_.substr(0, size);
      held_.erase(0, size);
      if (!started_ && asks_for_encryption(whole)) {
        ++refusals_;
        continue;
      }
      if (started_ && whole[0] != 'E') hear_(whole[0], whole.substr(5));  // Execute says nothing, and 'E' is an error
      out += started_ ? translated(whole[0], whole.substr(5)) : whole;
      started_ = true;
    }
  }
  bool keeps_idle_sessions() const { return keeps_idle_sessions_; }
  /// The answers to requests for TLS: the server must not see them, as it would answer with less than a message.
  std::string take_refusals() { return std::string(std::exchange(refusals_, 0), 'N'); }

 private:
  static bool asks_for_encryption(const std::string& startup) {
    constexpr std::uint32_t kTls = 80877103;
    constexpr std::uint32_t kGss = 80877104;
    return startup.size() == 8 && (number_at(startup, 4) == kTls || number_at(startup, 4) == kGss);
  }

  std::string translated(char type, const std::string& body) {
    if (type == 'Q') {
      const std::string sql = body.c_str();
      if (sql.find("SET session_timeout = 0") != std::string::npos) keeps_idle_sessions_ = true;
      if (sql.find("COPY ") != std::string::npos) copy_ = copied_values(sql, release_);
      return message('Q', as_postgres_runs_it(sql, release_) + '\0');
    }
    if (type == 'P') {
      const auto name_end = body.find('\0') + 1;
      const auto sql_end = body.find('\0', name_end);
      const std::string sql = as_postgres_runs_it(body.substr(name_end, sql_end - name_end), release_);
      return message('P', body.substr(0, name_end) + sql + body.substr(sql_end));
    }
    if (type == 'd' && copy_) return message('d', copy_(body));
    return message(type, body);
  }

  const OpenGaussRelease& release_;
  const Hear hear_;
  std::string held_;
  bool started_ = false;
  std::size_t refusals_ = 0;
  bool keeps_idle_sessions_ = false;
  std::function<std::string(std::string_view)> copy_;  // of the COPY that is under way or was last
};

/// What the server says; openGauss calls itself 9.2.4 where PostgreSQL tells its version.
class ServerSide {
 public:
  explicit ServerSide(Hear hear) : hear_(std::move(hear)) {}

  std::string heard(std::string_view bytes) {
    held_ += bytes;
    std::string out;
    while (held_.size() >= 5 && held_.size() >= 1 + std::size_t{number_at(held_, 1)}) {
      const std::size_t size = 1 + number_at(held_, 1);
      const std::string body = held_.substr(5, size - 5);
      constexpr std::string_view kName("server_version\0", 15);
      if (held_[0] == 'S' && body.starts_with(kName)) {
        out += message('S', std::string(kName) + "9.2.4" + '\0');
      } else if (held_[0] == 'E' && names_no_table_of_pg_temp(body)) {
        out += message('E', cannot_access_temp());
      } else if (held_[0] == 'E') {
        out += message('E', with_own_codes(body));
      } else {
        out += held_.substr(0, size);
      }
      if (held_[0] == 'E') {
        const auto state = (std::string(1, '\0') + body).find(std::string("\0C", 2));
        if (state != std::string::npos) hear_('E', body.substr(state + 1, 5));
      }
      if (held_[0] == 'Z') idle_ = body == "I";
      held_.erase(0, size);
    }
    return out;
  }
  /// It was asked something: not idle before it said that it is.
  void asked() { idle_ = false; }
  bool idle() const { return idle_; }

 private:
  static bool names_no_table_of_pg_temp(const std::string& error) {
    return error.find(std::string("\0C42P01\0", 8)) != std::string::npos &&
           error.find("Mrelation \"pg_temp.") != std::string::npos;
  }
  /// A real one says this of any name in pg_temp where the session has no temporary schema (namespace.cpp), be it that
  /// the role may have none, or that what made it was rolled back (R).
  static std::string cannot_access_temp() {
    return std::string("SERROR") + '\0' + "VERROR" + '\0' + "C0A000" + '\0' +
           "MCan only access temp objects of the current session." + '\0' + '\0';
  }

  /// A prepared statement and a schema that are not there have SQLSTATEs of their own (R, errcodes.txt). Those of class
  /// YY its own functions report, where a PostgreSQL can only be made to raise them.
  static std::string with_own_codes(std::string error) {
    for (const auto& [postgres, own] : {std::pair("C26000", "C26010"), std::pair("C3F000", "C3F001")}) {
      if (const auto at = error.find(std::string(1, '\0') + postgres + '\0'); at != std::string::npos)
        error.replace(at + 1, std::strlen(own), own);
    }
    const std::string raised = std::string(1, '\0') + "Rexec_stmt_raise";
    const auto function = error.find(raised);
    if (function != std::string::npos && error.find(std::string(1, '\0') + "CYY") != std::string::npos)
      error.replace(function + 1, raised.size() - 1, "RLockErrorCleanup");
    return error;
  }

  const Hear hear_;
  std::string held_;
  bool idle_ = false;
};

}  // namespace

OpenGaussStandIn::OpenGaussStandIn(std::string server_socket, OpenGaussRelease release)
    : server_socket_(std::move(server_socket)), release_(release), server_([this](int client) { carry(client); }) {}

std::unique_ptr<OpenGaussStandIn> OpenGaussStandIn::of_environment(const OpenGaussRelease& release) {
  const std::string folder = variable("PGHOST");
  if (!folder.starts_with('/')) return nullptr;
  return std::make_unique<OpenGaussStandIn>(folder + "/.s.PGSQL." + variable("PGPORT"), release);
}

std::string OpenGaussStandIn::url(const std::string& parameters) const {
  return "postgresql://" + variable("PGUSER") + "@127.0.0.1:" + std::to_string(port()) + "/" + variable("PGDATABASE") +
         "?sslmode=disable&gssencmode=disable" + parameters;
}

OpenGaussStandIn::~OpenGaussStandIn() { ending_ = true; }

void OpenGaussStandIn::hear(char type, std::string body) {
  if (!keeps_heard) return;
  const std::lock_guard lock(mutex_);
  heard_.push_back({type, std::move(body)});
}

std::vector<Heard> OpenGaussStandIn::take_heard() {
  const std::lock_guard lock(mutex_);
  return std::exchange(heard_, {});
}

void OpenGaussStandIn::carry(int client) {
  ++connections_;
  std::array<char, 65536> buffer;
  if (const int code = offers_authentication; code != 0) {
    if (::read(client, buffer.data(), buffer.size()) > 0)
      send_all(client, message('R', number(static_cast<std::uint32_t>(code)) + number(2) + std::string(64, '0')));
    while (::read(client, buffer.data(), buffer.size()) > 0) {
    }
    return;
  }
  const int at_once = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, server_socket_.c_str(), sizeof address.sun_path - 1);
  bool up = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  const Hear hear = [this](char type, std::string body) { this->hear(type, std::move(body)); };
  ClientSide client_side(release_, hear);
  ServerSide server_side(hear);
  auto last = std::chrono::steady_clock::now();
  while (up && !ending_) {
    std::array<pollfd, 2> ready = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), 10) < 0) {
      if (errno == EINTR) continue;  // what is in `ready` says nothing then
      break;
    }
    if (ready[0].revents != 0 || ready[1].revents != 0) last = std::chrono::steady_clock::now();
    if (ready[0].revents != 0) {
      const ssize_t n = ::read(client, buffer.data(), buffer.size());
      if (n <= 0) break;
      server_side.asked();
      up = send_all(server, client_side.heard({buffer.data(), static_cast<std::size_t>(n)})) &&
           send_all(client, client_side.take_refusals());
    }
    if (up && ready[1].revents != 0) {
      const ssize_t n = ::read(server, buffer.data(), buffer.size());
      if (n <= 0) break;
      up = send_all(client, server_side.heard({buffer.data(), static_cast<std::size_t>(n)}));
    }
    const int limit = session_timeout_ms;
    if (limit > 0 && (ends_all_idle || !client_side.keeps_idle_sessions()) && server_side.idle() &&
        std::chrono::steady_clock::now() - last > std::chrono::milliseconds(limit)) {
      ++idle_drops_;
      break;
    }
  }
  ::close(server);
  ::shutdown(client, SHUT_RDWR);
}

}  // namespace forebay::test
