#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "crash/round.hpp"
#include "support/lines.hpp"
#include "support/places.hpp"
#include "support/server_uses.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::crash {

using test::lines;

/// A place for the rounds of one test case.
class TestSite {
 public:
  /// `destination` is sqlite or postgres. Says so, and is not there, where that needs what is missing.
  explicit TestSite(const std::string& destination) {
    const char* url = std::getenv("DATABASE_URL");
    if (destination == "postgres" && (url == nullptr || *url == '\0')) {
      WARN("skipped: DATABASE_URL is not set");
      return;
    }
    if (destination == "postgres") ++test::g_server_uses;
    site_.emplace(test::crash_binary(), directory_.path(),
                  destination == "postgres" ? make_postgres_view(url) : make_sqlite_view(directory_.path()));
  }
  explicit operator bool() const { return site_.has_value(); }
  Site* operator->() { return &*site_; }
  Site& operator*() { return *site_; }

 private:
  test::TemporaryDirectory directory_;
  std::optional<Site> site_;
};

/// A producer whose rows do not get to the destination: what it had acknowledged is in its state directory alone.
inline ProduceOptions held_back() {
  ProduceOptions o;
  o.delay_us = 60'000'000;
  o.rows_max = 300;
  o.batch_rows = 40;
  o.pause_us = 0;
  return o;
}

/// Starts a producer, and kills it when it has acknowledged so many rows, and has made a checkpoint if it makes any.
inline Kill kill_producer(Site& site, const ProduceOptions& options, std::uint64_t acknowledged_rows = 200) {
  Site::Running running = site.start_producer(options);
  return site.kill_at(running,
                      {.acknowledged_rows = acknowledged_rows, .checkpoints = options.checkpoint_ms > 0 ? 3U : 0U});
}

/// A recovery that nothing disturbs, and the verdict on the whole.
inline Verdict recover_and_judge(Site& site) {
  site.look_at_what_is_left();
  Site::Running last = site.start_recovery();
  site.finish(last);
  return site.judge_round();
}

}  // namespace forebay::crash
