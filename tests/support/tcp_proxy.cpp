#include "support/tcp_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace forebay::test {
namespace {

/// What a server sends, taken apart into messages: a type, four bytes of length, the rest.
class ServerMessages {
 public:
  /// True when a COMMIT's CommandComplete ended in these bytes.
  bool committed(std::string_view bytes) {
    held_ += bytes;
    bool found = false;
    while (held_.size() >= 5) {
      std::uint32_t length = 0;
      for (std::size_t i = 1; i < 5; ++i) length = length << 8 | static_cast<unsigned char>(held_[i]);
      if (held_.size() < length + std::size_t{1}) break;
      if (held_[0] == 'C' && held_.compare(5, 6, "COMMIT") == 0) found = true;
      held_.erase(0, length + std::size_t{1});
    }
    return found;
  }

 private:
  std::string held_;
};

bool send_all(int to, const char* bytes, std::size_t size) {
  for (std::size_t sent = 0; sent < size;) {
    const ssize_t more = ::send(to, bytes + sent, size - sent, MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += static_cast<std::size_t>(more);
  }
  return true;
}

/// Not close(), since the socket is LocalServer's: to dissolve a connection this way sends the reset as well.
void reset(int socket) {
  sockaddr nowhere = {};
  nowhere.sa_family = AF_UNSPEC;
  ::connect(socket, &nowhere, sizeof nowhere);
}

void pause_ms(int ms) { ::poll(nullptr, 0, ms); }

}  // namespace

TcpProxy::TcpProxy(std::string server_socket)
    : server_socket_(std::move(server_socket)), server_([this](int client) { carry(client); }) {}

TcpProxy::~TcpProxy() { ending_ = true; }

std::string TcpProxy::url(const std::string& parameters) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port()) + "/forebay?sslmode=disable&gssencmode=disable" +
         parameters;
}

void TcpProxy::carry(int client) {
  const std::uint64_t drops = drops_;
  ++connections_;
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, server_socket_.c_str(), sizeof address.sun_path - 1);
  bool up = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 65536> buffer;
  ServerMessages said;
  while (up && !ending_ && drops_ == drops) {
    if (black_hole) {
      pause_ms(2);
      continue;
    }
    std::array<pollfd, 2> ready = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), 10) < 0) break;
    if (black_hole) continue;
    if (ready[0].revents != 0) {
      const int trickle = trickle_bytes;
      const std::size_t most = trickle > 0 ? std::min(buffer.size(), static_cast<std::size_t>(trickle)) : buffer.size();
      const ssize_t n = ::read(client, buffer.data(), most);
      if (n <= 0) break;
      if (trickle > 0) pause_ms(10);
      pause_ms(delay_ms);
      const std::int64_t left = reset_after_bytes > 0 ? reset_after_bytes.fetch_sub(n) : 0;
      if (left > 0 && left <= n) {
        reset_after_bytes = 0;
        ++resets_;
        send_all(server, buffer.data(), static_cast<std::size_t>(left));
        reset(client);
        break;
      }
      up = send_all(server, buffer.data(), static_cast<std::size_t>(n));
    }
    if (ready[1].revents != 0) {
      const ssize_t n = ::read(server, buffer.data(), buffer.size());
      if (n <= 0) break;
      const bool committed = said.committed({buffer.data(), static_cast<std::size_t>(n)});
      if (committed && lose_commit_answer) {
        ++lost_commits_;
        break;
      }
      pause_ms(delay_ms);
      up = send_all(client, buffer.data(), static_cast<std::size_t>(n));
    }
  }
  ::close(server);
  ::shutdown(client, SHUT_RDWR);
}

}  // namespace forebay::test
