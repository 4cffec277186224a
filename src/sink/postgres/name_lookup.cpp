#include "sink/postgres/name_lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace forebay {
namespace {

struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<NameLookup> found;  // guarded by mutex
};

std::atomic<int>& under_way() {
  static std::atomic<int> count{0};
  return count;
}

}  // namespace

NameLookup resolve_name(const std::string& name) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0)
    return {{}, gai_strerror(error)};
  NameLookup result;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    std::array<char, 128> text{};
    if (::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0 &&
        std::find(result.addresses.begin(), result.addresses.end(), text.data()) == result.addresses.end()) {
      result.addresses.emplace_back(text.data());
    }
  }
  ::freeaddrinfo(list);
  if (result.addresses.empty()) result.error = "it has no address";
  return result;
}

NameLookup look_up_name(const std::string& name, std::chrono::milliseconds limit, const std::function<bool()>& give_up,
                        const Resolve& resolve) {
  if (under_way().fetch_add(1) >= kNameLookupsMax) {
    under_way().fetch_sub(1);
    return {{}, "earlier look-ups are not answered yet"};
  }
  const auto shared = std::make_shared<Shared>();
  try {
    std::thread([shared, name, resolve] {
      NameLookup found = resolve(name);
      under_way().fetch_sub(1);
      const std::lock_guard lock(shared->mutex);
      shared->found = std::move(found);
      shared->changed.notify_one();
    }).detach();
  } catch (const std::system_error& e) {
    under_way().fetch_sub(1);
    return {{}, "no thread for it: " + e.code().message()};
  }
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(shared->mutex);
  while (!shared->found && !give_up() && std::chrono::steady_clock::now() < deadline) {
    constexpr std::chrono::milliseconds kSlice{50};
    shared->changed.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + kSlice));
  }
  return shared->found ? *shared->found : NameLookup{{}, "the resolver did not answer in time"};
}

}  // namespace forebay
