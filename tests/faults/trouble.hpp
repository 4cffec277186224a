#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/private_postgres.hpp"
#include "support/tcp_proxy.hpp"

namespace forebay::test {

/// One thing that goes wrong between processes and their server for a while. Several may be on at once.
struct Trouble {
  std::string_view name;
  /// False where it cannot be had now, as the server is away.
  std::function<bool(std::uint64_t draw)> begin;
  std::function<void()> end;
  /// For those whose end talks to the server: when all that keeps it from answering has ended, first this of each,
  /// which waits for what begin() sent, then their ends.
  std::function<void()> settle = {};
};

/// Every trouble there is, for processes that go through `proxy` as role kTroubledRole, to the crash harness's tables
/// in `schema`.
inline constexpr const char* kTroubledRole = "scanner";
std::vector<Trouble> make_troubles(PrivatePostgres& server, TcpProxy& proxy, const std::string& schema);

}  // namespace forebay::test
