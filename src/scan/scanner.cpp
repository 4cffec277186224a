#include "scan/scanner.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/io.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "scan/directory_opener.hpp"
#include "scan/scan_threads.hpp"

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
  if (!fd && lacks_descriptors(errno)) end_for_descriptors("open", canonical.get(), errno);
  if (!fd) refuse(std::generic_category().message(errno));
  return canonical.get();
}

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
          ScanObserver& observer, ScanProgress& progress, const std::atomic<bool>& stop) {
  const int threads = std::max(1, options.threads);
  const Excludes excludes(options.exclude_globs);
  EntryStat entry_stat([&](const std::string& why) { observer.statx_refused(why); });
  const OwnFiles own_files(options.own_paths, entry_stat);
  OwnerNames owner_names;
  DescriptorBudget budget(descriptors_for_directories());
  WorkQueue queue(threads);
  for (const std::string& root : options.roots) {
    queue.give({Work::Kind::root, new Directory(root), {}, {}, {}});
  }
  const WalkContext context{options,  excludes,   own_files,   observer, stop,
                            progress, entry_stat, owner_names, budget,   queue};
  run_threads(threads, context, consumer);
}

}  // namespace forebay
