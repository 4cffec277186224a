#include "adoption/buffer_listing.hpp"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

std::size_t adopt_what_is_free(const StateDirectory& state, std::vector<BufferFolder>& into) {
  into = state.lock_orphans({"nowhere", false, ""}).locked;
  return into.size();
}

}  // namespace

TEST_CASE("who has a buffer in hand is seen without taking its lock", "[control]") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  std::optional<BufferFolder> folder(state.create_buffer(Durability::process, "nowhere"));
  const auto seen = [&] { return list_buffers(state.path()).at(0); };
  CHECK(seen().in_use);
  CHECK_FALSE(seen().adopted);
  CHECK(seen().holder == ::getpid());
  CHECK(seen().manifest->buffer == folder->manifest.buffer);
  folder.reset();
  CHECK_FALSE(seen().in_use);
  CHECK(seen().holder == 0);
  std::vector<BufferFolder> adopted;
  REQUIRE(adopt_what_is_free(state, adopted) == 1);
  CHECK(seen().in_use);
  CHECK(seen().adopted);
  REQUIRE(StateDirectory::remove_buffer(adopted.at(0)));
  CHECK(list_buffers(state.path()).empty());
  CHECK(list_buffers(dir / "not there").empty());
}

TEST_CASE("of two adopters one gets the buffer, however many look at it meanwhile", "[control][threads]") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  std::atomic<bool> over{false};
  std::vector<std::thread> lookers;
  std::atomic<int> looks{0};
  for (int i = 0; i < 3; ++i) {
    lookers.emplace_back([&] {
      while (!over) {
        for (const ListedBuffer& b : list_buffers(state.path())) looks += b.id.empty() ? 0 : 1;
      }
    });
  }
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    { const BufferFolder dies = state.create_buffer(Durability::process, "nowhere"); }
    std::vector<BufferFolder> here;
    std::vector<BufferFolder> there;
    std::thread other([&] { adopt_what_is_free(state, there); });
    adopt_what_is_free(state, here);
    other.join();
    CHECK(here.size() + there.size() == 1);
    for (auto* won : {&here, &there}) {
      for (BufferFolder& folder : *won) CHECK(StateDirectory::remove_buffer(folder));
    }
  }
  over = true;
  for (std::thread& looker : lookers) looker.join();
  CHECK(looks > 0);
}
