// Faults 7, 8, 18 and 19: processes that stop, throw, start at once, or whose number another one has.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "crash/test_site.hpp"

namespace forebay::crash {
namespace {

namespace fs = std::filesystem;

void wait_until_acknowledged(const Site::Running& running, std::uint64_t rows) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (running.log.acknowledged_rows() < rows) {
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

nlohmann::json report_of(Site& site, Site::Running& running) {
  site.finish(running);
  return nlohmann::json::parse(running.child.out());
}

TEST_CASE("a process that is stopped keeps its buffer, however long nobody hears of it", "[crash][threads]") {
  TestSite site("sqlite");
  site->begin();
  ProduceOptions options = held_back();
  options.delay_us = 1000;
  options.rows_max = 5000;
  options.pause_us = 500;
  options.then = "stop";
  Site::Running stopped = site->start_producer(options);
  wait_until_acknowledged(stopped, 200);
  stopped.child.send(SIGSTOP);

  for (int again = 0; again < 3; ++again) {
    Site::Running recovery = site->start_recovery();
    const auto report = report_of(*site, recovery);
    CHECK(report.at("recovered").at("accepted") == 0);
    CHECK(report.at("buffers_in_use") == 1);
  }
  ProduceOptions other;
  other.process = 2;
  other.rows_max = 50;
  other.then = "stop";
  other.drain_s = 1;  // whoever is stopped may hold the catalog's lock
  Site::Running beside = site->start_producer(other);
  CHECK(report_of(*site, beside).at("recovered").at("accepted") == 0);

  stopped.child.send(SIGCONT);
  const auto report = report_of(*site, stopped);
  CHECK(report.at("settled") == true);
  CHECK(report.at("own").at("accepted") == 5000 * options.threads);
  CHECK(lines(recover_and_judge(*site).violations) == "");
}

TEST_CASE("an exception that nobody catches in a producer thread costs nothing that was acknowledged",
          "[crash][threads]") {
  const std::string level = GENERATE("process", "power");
  CAPTURE(level);
  TestSite site("sqlite");
  site->begin();
  ProduceOptions options = held_back();
  options.level = level;
  options.throw_at = 250;
  Site::Running running = site->start_producer(options);
  REQUIRE(running.child.wait(std::chrono::seconds(60)));
  CHECK(running.child.status() == 128 + SIGABRT);
  const Kill end = site->bury(running);
  CHECK(end.at_risk > 0);
  CHECK(lines(recover_and_judge(*site).violations) == "");
}

TEST_CASE("of two that start at once in one state directory each has its own buffer, and one adopts the orphan",
          "[crash][threads]") {
  TestSite site("sqlite");
  constexpr int kTimes = 25;
  for (int again = 0; again < kTimes; ++again) {
    CAPTURE(again);
    site->begin();
    ProduceOptions first = held_back();
    first.rows_max = 60;
    kill_producer(*site, first, 60);
    ProduceOptions next;
    next.rows_max = 20;
    next.threads = 1;
    next.then = "stop";
    std::vector<Site::Running> starts;
    for (std::uint64_t process : {2, 3}) {
      next.process = process;
      starts.push_back(site->start_producer(next));
    }
    std::set<std::string> buffers;
    std::multiset<bool> adopted;
    for (Site::Running& s : starts) {
      const auto report = report_of(*site, s);
      adopted.insert(report.at("recovered").at("accepted") > 0);
      buffers.insert(s.log.header().buffer_folder.data());
    }
    CHECK(buffers.size() == 2);
    CHECK(adopted == std::multiset<bool>{false, true});
    CHECK(lines(site->judge_round().violations) == "");
  }
}

/// The manifest of the only buffer in the state directory, with another process number in it.
void forge_pid(const fs::path& folder, std::int64_t pid) {
  const fs::path file = folder / "manifest";
  std::ifstream in(file);
  auto manifest = nlohmann::json::parse(in);
  manifest["pid"] = pid;
  std::ofstream(file) << manifest.dump(2) << '\n';
}

TEST_CASE("whether a buffer is an orphan is told by its lock, not by the number of its process", "[crash][threads]") {
  TestSite site("sqlite");
  SECTION("a dead process, whose number a living one has") {
    site->begin();
    Site::Running killed = site->start_producer(held_back());
    wait_until_acknowledged(killed, 200);
    const std::string folder = killed.log.header().buffer_folder.data();
    site->kill_at(killed, {.acknowledged_rows = 1});
    forge_pid(folder, ::getpid());
    CHECK(fs::exists(folder + "/lock"));  // left by the dead process, and no hindrance
    CHECK(lines(recover_and_judge(*site).violations) == "");
  }
  SECTION("a living process, whose number nobody seems to have") {
    site->begin();
    ProduceOptions options = held_back();
    options.delay_us = 1000;
    options.rows_max = 3000;
    options.pause_us = 300;
    options.then = "stop";
    Site::Running living = site->start_producer(options);
    wait_until_acknowledged(living, 100);
    forge_pid(living.log.header().buffer_folder.data(), 0x3fffff);
    Site::Running recovery = site->start_recovery();
    const auto report = report_of(*site, recovery);
    CHECK(report.at("recovered").at("accepted") == 0);
    CHECK(report.at("buffers_in_use") == 1);
    site->finish(living);
    CHECK(lines(site->judge_round().violations) == "");
  }
}

}  // namespace
}  // namespace forebay::crash
