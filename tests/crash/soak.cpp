#include "crash/soak.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "crash/tally.hpp"

namespace forebay::crash {
namespace {

namespace fs = std::filesystem;

/// Gone with it.
class OwnFolder {
 public:
  explicit OwnFolder(const std::string& within) {
    std::string name = (within.empty() ? fs::temp_directory_path() : fs::path(within)) / "forebay-crash-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + name);
    path_ = name;
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  ~OwnFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::unique_ptr<DestinationView> make_view(const std::string& destination, const fs::path& folder) {
  if (destination == "sqlite") return make_sqlite_view(folder);
  const char* url = std::getenv("DATABASE_URL");
  if (url == nullptr || *url == '\0')
    throw std::runtime_error("DATABASE_URL is not set; scripts/crash-soak.sh sets it");
  return make_postgres_view(url);
}

}  // namespace

int run_soak(const SoakOptions& options, const std::string& program) {
  const std::uint64_t first = options.seed != 0 ? options.seed : std::random_device{}();
  std::cerr << "seeds " << first << " to " << first + options.runs - 1 << "\n";
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  // Guarded by mutex:
  Tally tally;
  std::exception_ptr failure;
  auto told_at = std::chrono::steady_clock::now();
  std::uint64_t done = 0;

  const auto work = [&] {
    try {
      const OwnFolder folder(options.folder);
      Site site(program, folder.path(), make_view(options.destination, folder.path()));
      for (std::uint64_t n = next.fetch_add(1); n < options.runs; n = next.fetch_add(1)) {
        const RoundResult result = site.run(make_plan(first + n, options.level));
        const std::lock_guard lock(mutex);
        tally.add(result);
        ++done;
        for (const std::string& v : result.verdict.violations) std::cerr << "seed " << first + n << ": " << v << "\n";
        if (!result.story.empty()) std::cerr << result.story << std::flush;
        const auto now = std::chrono::steady_clock::now();
        if (now - told_at < std::chrono::seconds(10)) continue;
        told_at = now;
        std::cerr << done << " of " << options.runs << " rounds, " << tally.counted() << " kills that count, "
                  << tally.lost() << " rows lost, " << tally.failed_rounds() << " rounds failed" << std::endl;
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next.store(options.runs);
    }
  };
  std::vector<std::thread> jobs;
  for (std::uint64_t j = 0; j < options.jobs; ++j) jobs.emplace_back(work);
  for (std::thread& t : jobs) t.join();
  if (failure) std::rethrow_exception(failure);
  if (options.json) {
    std::cout << tally.json(options.level, options.destination, first);
  } else {
    std::cout << tally.table(options.level, options.destination);
  }
  return tally.failed_rounds() == 0 ? 0 : 1;
}

}  // namespace forebay::crash
