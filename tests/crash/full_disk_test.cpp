// Fault 13 at the level of processes: the state directory's disk is full, or has no inodes left, and then comes a kill.

#include <unistd.h>

#include <chrono>
#include <thread>

#include "crash/test_site.hpp"
#include "support/small_disk.hpp"

namespace forebay::crash {
namespace {

TEST_CASE("a producer on a disk that is full, or without inodes, loses nothing it acknowledged when it is killed",
          "[crash][root][threads]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const std::string level = GENERATE("process", "power");
  const std::string limits = GENERATE("size=200k", "nr_inodes=12");
  CAPTURE(level, limits);
  TestSite site("sqlite");
  site->begin();
  const test::SmallDisk disk(site->state(), limits);
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted");
    return;
  }
  ProduceOptions options = held_back();
  options.level = level;
  options.rows_max = 3000;
  options.threads = 1;
  Site::Running running = site->start_producer(options);
  const LogHeader& log = running.log.header();
  // Until it has been told so, and has gone on for a while.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (log.error[0] == '\0' && log.stage.load() != Stage::done && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK_THAT(std::string(log.error.data()), Catch::Contains("No space left on device"));
  const std::uint64_t attempts = log.writer[0].attempts.load();
  while (log.writer[0].attempts.load() < attempts + 20 && log.stage.load() != Stage::done &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const Kill kill = site->kill_at(running, {.acknowledged_rows = 1});
  CHECK(kill.at_risk > 0);
  CHECK(lines(recover_and_judge(*site).violations) == "");
}

}  // namespace
}  // namespace forebay::crash
