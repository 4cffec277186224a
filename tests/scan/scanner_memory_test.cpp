// What a walk holds does not grow with the tree.
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "support/sanitizers.hpp"
#include "support/scan_tree.hpp"

namespace forebay::test {
namespace {

class Forgetful : public EntryConsumer {
 public:
  std::int64_t next_version() override { return ++version_; }
  void take(std::int64_t, const FileRecord&) override {}

 private:
  std::int64_t version_ = 0;
};

long most_resident_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_CASE("a directory with 100,000 entries is walked within a few MiB", "[threads]") {
#ifdef FOREBAY_SANITIZED
  WARN("skipped: a sanitizer keeps what is freed");
  return;
#endif
  constexpr int kEntries = 100'000;
  const Tree tree(roomy());
  const int folder = ::open(tree.path().c_str(), O_PATH | O_CLOEXEC);
  const std::string padding(240, 'x');  // 24 MiB of names
  for (int i = 0; i < kEntries; ++i) {
    if (::mknodat(folder, (padding + std::to_string(i)).c_str(), S_IFREG | 0644, 0) != 0) FAIL("file " << i);
  }
  ::close(folder);
  const std::string said = answer_of_child([&]() -> std::string {
    ScanOptions options;
    options.roots = {tree.path()};
    ScanProgress progress;
    const std::atomic<bool> stop = false;
    // What earlier tests freed must not be room that nobody sees used.
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
    const long before = most_resident_kib();
    NobodyListens nobody;
    scan(
        options, [](int) { return std::make_unique<Forgetful>(); }, nobody, progress, stop);
    const long grown = most_resident_kib() - before;
    return std::to_string(progress.entries) + (grown < 8 * 1024 ? "" : ", " + std::to_string(grown) + " KiB more");
  });
  CHECK(said == std::to_string(kEntries + 1));
}

}  // namespace
}  // namespace forebay::test
