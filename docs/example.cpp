// Four threads hand file records to a Buffer; see docs/library.md. Settings come from the environment and ./.env.
#include <chrono>
#include <forebay/forebay.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

int main() try {
  forebay::Options options = forebay::options_from_environment();
  options.log = [](forebay::LogLevel, std::string_view line) { std::clog << line << '\n'; };
  forebay::Buffer buffer(options);
  const std::int64_t set = forebay::backup_set_id("example");
  const std::int64_t now_us = std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);

  std::vector<std::jthread> producers;
  for (int thread = 0; thread < 4; ++thread) {
    producers.emplace_back([&, thread] {
      forebay::Writer writer = buffer.writer();  // one for each thread
      for (int n = 0; n < 2500; ++n) {
        const std::string path = "/example/" + std::to_string(thread) + "/" + std::to_string(n);
        writer.add_file({.backup_set_id = set, .path = path, .size = n, .backup_time_us = now_us});
      }
    });
  }
  producers.clear();  // joins

  if (!buffer.force_sync(std::chrono::seconds(30)).settled) std::clog << "some rows are still pending after 30 s\n";
  const forebay::SyncStatus status = buffer.get_sync_status();
  const forebay::Counts files = buffer.get_stats();
  std::cout << "destination " << status.destination << " is " << to_string(status.destination_state) << ": "
            << files.accepted << " accepted, " << files.synced << " synced, " << files.superseded << " superseded, "
            << files.pending << " pending\n";
  switch (buffer.stop().outcome()) {
    case forebay::SyncOutcome::complete:
      return 0;
    case forebay::SyncOutcome::incomplete:
      return 1;  // rows are in quarantine, for `forebay errors`, or went missing in a failover
    case forebay::SyncOutcome::unsettled:
      break;
  }
  return 3;  // what is left lies in the state directory, for `forebay recover`
} catch (const forebay::Error& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
