#include "crash/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace forebay::crash {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Child::Child(const std::string& program, const std::vector<std::string>& arguments, std::filesystem::path said)
    : said_(std::move(said)) {
  std::vector<std::string> strings{program};
  strings.insert(strings.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  const std::string out = said_.string() + ".out";
  const std::string err = said_.string() + ".err";
  constexpr int kAnew = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), kAnew, 0600);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), kAnew, 0600);
  const int error = ::posix_spawnp(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + program + ": " + std::strerror(error));
}

Child::Child(Child&& other) noexcept
    : said_(std::move(other.said_)),
      pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      reaped_(std::exchange(other.reaped_, true)) {}

Child::~Child() {
  if (pid_ > 0) kill_and_reap();
}

bool Child::ended() {
  if (reaped_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  reaped_ = true;
  return true;
}

void Child::send(int signal) const {
  if (!reaped_) ::kill(pid_, signal);
}

bool Child::wait(std::chrono::milliseconds time_max) {
  if (ended()) return true;
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (descriptor < 0) throw std::runtime_error("pidfd_open: " + std::string(std::strerror(errno)));
  pollfd waiting{descriptor, POLLIN, 0};
  while (::poll(&waiting, 1, static_cast<int>(time_max.count())) < 0 && errno == EINTR) {
  }
  ::close(descriptor);
  return ended();
}

void Child::kill_and_reap() {
  send(SIGKILL);
  wait(std::chrono::minutes(1));
}

std::string Child::out() const { return content(said_.string() + ".out"); }
std::string Child::err() const { return content(said_.string() + ".err"); }

}  // namespace forebay::crash
