#include "support/scan_tree.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace forebay::test {

Tree::Tree(const std::string& under) {
  namespace fs = std::filesystem;
  std::string name = fs::canonical(under.empty() ? fs::temp_directory_path() : fs::path(under)) / "forebay-scan-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  ::chmod(name.c_str(), 0755);
  path_ = name;
}

Tree::~Tree() {
  // rm, as std::filesystem::remove_all needs a descriptor per level.
  const std::string command = "rm -rf -- '" + path_ + "'";
  if (std::system(command.c_str()) != 0) std::abort();
}

std::string Tree::directory(std::string_view below) const {
  const std::string path = *this / below;
  std::filesystem::create_directories(path);
  return path;
}

std::string Tree::file(std::string_view below, std::string_view content) const {
  const std::string path = *this / below;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream out(path, std::ios::binary);
  out << content;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
  return path;
}

std::string Tree::symlink(std::string_view below, const std::string& target) const {
  const std::string path = *this / below;
  std::filesystem::create_symlink(target, path);
  return path;
}

std::string roomy() { return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ""; }

const Entry& Scanned::at(const std::string& path) const {
  const auto found = entries.find(path);
  if (found == entries.end()) throw std::runtime_error("not scanned: " + path);
  return found->second;
}

namespace {

struct Collector : EntryConsumer {
  Collector(Scanned& to, std::mutex& guard, std::atomic<std::int64_t>& counter,
            const std::function<void(const FileRecord&)>& callback)
      : scanned(to), mutex(guard), versions(counter), on_take(callback) {}

  std::int64_t next_version() override { return ++versions; }
  void take(std::int64_t version, const FileRecord& r) override {
    {
      const std::lock_guard lock(mutex);
      scanned.entries.emplace(
          r.path, Entry{std::string(r.path), std::string(r.file_type), std::string(r.owner), std::string(r.group),
                        version, r.size, r.permissions, r.created_time_us, r.modified_time_us, r.accessed_time_us,
                        r.changed_time_us, r.backup_time_us});
    }
    if (on_take) on_take(r);
  }

  Scanned& scanned;
  std::mutex& mutex;
  std::atomic<std::int64_t>& versions;
  const std::function<void(const FileRecord&)>& on_take;
};

struct Listener : ScanObserver {
  Listener(Scanned& to, std::mutex& guard) : scanned(to), mutex(guard) {}

  void unreadable(const Unreadable& u) override {
    const std::lock_guard lock(mutex);
    scanned.unreadable.emplace(u.path, u.reason);
  }
  void time_left_out(const std::string& path) override { say("time left out: " + path); }
  void statx_refused(const std::string& why) override { say("statx refused: " + why); }
  void unanswered(const Unanswered& what) override { say("unanswered: " + what.path + " (" + what.call + ")"); }
  void answered() override { say("answered"); }
  void left_behind(const Unanswered& what) override { say("left behind: " + what.path + " (" + what.call + ")"); }
  void say(const std::string& line) {
    const std::lock_guard lock(mutex);
    scanned.said.push_back(line);
  }

  Scanned& scanned;
  std::mutex& mutex;
};

}  // namespace

Scanned scan_tree(ScanOptions options, const std::function<void(const FileRecord&)>& on_take,
                  const std::atomic<bool>& stop) {
  Scanned scanned;
  std::mutex mutex;
  std::atomic<std::int64_t> versions{0};
  ScanProgress progress;
  options.roots = check_roots(options.roots);
  Listener listener(scanned, mutex);
  scan(
      options, [&](int) { return std::make_unique<Collector>(scanned, mutex, versions, on_take); }, listener, progress,
      stop);
  scanned.counted_entries = progress.entries;
  scanned.counted_bytes = progress.bytes;
  scanned.counted_unreadable = progress.unreadable;
  scanned.counted_times_left_out = progress.times_left_out;
  return scanned;
}

Scanned scan_tree(const std::string& root, int threads) {
  ScanOptions options;
  options.roots = {root};
  options.threads = threads;
  return scan_tree(options);
}

std::string answer_of_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    ::close(ends[0]);
    std::string said;
    try {
      said = work();
    } catch (const std::exception& e) {
      said = std::string("exception: ") + e.what();
    }
    for (std::size_t at = 0; at < said.size();) {
      const auto n = ::write(ends[1], said.data() + at, said.size() - at);
      if (n <= 0) break;
      at += static_cast<std::size_t>(n);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) said += " (child ended with wait status " + std::to_string(status) + ")";
  return said;
}

bool is_root() { return ::geteuid() == 0; }

bool private_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace forebay::test
