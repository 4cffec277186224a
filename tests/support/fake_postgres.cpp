#include "support/fake_postgres.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace forebay::test {

LocalServer::LocalServer(std::function<void(int client)> serve) : serve_(std::move(serve)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 128);  // a connection more than that is made after a second or more, or never
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
      if (client < 0) break;
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

}  // namespace forebay::test
