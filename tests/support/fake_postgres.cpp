#include "support/fake_postgres.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

namespace forebay::test {

LocalServer::LocalServer(std::function<void(int client)> serve) : serve_(std::move(serve)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 8);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] {
    for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      clients_.push_back(client);
      servers_.emplace_back(serve_, client);
    }
  });
}

LocalServer::~LocalServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
  for (std::thread& t : servers_) t.join();
  for (const int client : clients_) ::close(client);
  ::close(listener_);
}

CommitLosingProxy::CommitLosingProxy(std::string socket_path)
    : socket_path_(std::move(socket_path)), server_([this](int client) { carry(client); }) {}

void CommitLosingProxy::carry(int client) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path_.c_str(), sizeof address.sun_path - 1);
  ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address);
  std::array<char, 65536> buffer;
  bool committing = false;
  for (;;) {
    std::array<pollfd, 2> ready = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0) break;
    const bool from_client = ready[0].revents != 0;
    const ssize_t n = ::read(from_client ? client : server, buffer.data(), buffer.size());
    if (n <= 0) break;
    if (from_client) {
      committing = lose_commit_answer && std::string_view(buffer.data(), static_cast<std::size_t>(n)).find("COMMIT") !=
                                             std::string_view::npos;
    } else if (committing) {
      break;  // answered, so done; the answer stays here
    }
    for (ssize_t sent = 0; sent < n;) {
      const ssize_t more =
          ::send(from_client ? server : client, buffer.data() + sent, static_cast<std::size_t>(n - sent), MSG_NOSIGNAL);
      if (more <= 0) break;
      sent += more;
    }
  }
  ::close(server);
  ::shutdown(client, SHUT_RDWR);
}

}  // namespace forebay::test
