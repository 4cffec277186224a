#include "scan/scanner.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/escape.hpp"
#include "base/unique_fd.hpp"
#include "forebay/error.hpp"
#include "scan/walker.hpp"

namespace forebay {
namespace {

/// A quarter of what the process may have: the rest is for its files, sockets and journals.
int descriptors_for_directories() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 4, 256));
}

std::string canonical_root(const std::string& root) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::usage,
                "cannot scan '" + printable(root) + "': " + why + "; name a directory that can be read");
  };
  const std::unique_ptr<char, decltype(&std::free)> canonical(::realpath(root.c_str(), nullptr), &std::free);
  if (!canonical) refuse(std::generic_category().message(errno));
  struct stat st {};
  if (::stat(canonical.get(), &st) != 0) refuse(std::generic_category().message(errno));
  if (!S_ISDIR(st.st_mode)) refuse("Not a directory");
  // Opened to see: access() would judge by the real user, and not know of all that can refuse.
  const UniqueFd fd(::open(canonical.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) refuse(std::generic_category().message(errno));
  return canonical.get();
}

/// The first exception of any thread.
class FirstFailure {
 public:
  void set(std::exception_ptr e) {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = std::move(e);
  }
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr first_;  // guarded by mutex_ while threads run
};

}  // namespace

std::vector<std::string> check_roots(const std::vector<std::string>& roots) {
  std::vector<std::string> canonical;
  for (const std::string& root : roots) {
    std::string path = canonical_root(root);
    if (std::find(canonical.begin(), canonical.end(), path) == canonical.end()) canonical.push_back(std::move(path));
  }
  return canonical;
}

void scan(const ScanOptions& options, const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer,
          const std::function<void(const Unreadable&)>& unreadable, ScanProgress& progress,
          const std::atomic<bool>& stop) {
  const int threads = std::max(1, options.threads);
  const Excludes excludes(options.exclude_globs);
  OwnerNames owner_names;
  DescriptorBudget budget(descriptors_for_directories());
  WorkQueue queue(threads);
  for (const std::string& root : options.roots) {
    queue.give({Work::Kind::root, new Directory(root), {}, {}});
  }
  const WalkContext context{options, excludes, unreadable, stop, progress, owner_names, budget, queue};

  FirstFailure failure;
  const auto walk = [&](int thread) noexcept {
    try {
      const auto taker = consumer(thread);
      Walker(context, *taker).run();
    } catch (...) {
      failure.set(std::current_exception());
      queue.finish();
    }
  };
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(threads) - 1);
  for (int thread = 1; thread < threads; ++thread) {
    try {
      others.emplace_back(walk, thread);
    } catch (const std::system_error&) {
      // No more threads to be had: the scan goes on with those it has.
      queue.leave();
    }
  }
  walk(0);
  for (std::thread& other : others) other.join();
  failure.rethrow();
}

}  // namespace forebay
