#include "support/run_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "support/places.hpp"

namespace forebay::test {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

void close_once(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe", errno);
    read_end = ends[0];
    write_end = ends[1];
  }
};

Pipe terminal() {
  Pipe ends;
  close_once(ends.read_end);
  close_once(ends.write_end);
  if (::openpty(&ends.read_end, &ends.write_end, nullptr, nullptr, nullptr) != 0) fail("openpty", errno);
  ::fcntl(ends.read_end, F_SETFD, FD_CLOEXEC);
  ::fcntl(ends.write_end, F_SETFD, FD_CLOEXEC);
  return ends;
}

std::vector<std::string> environment_of(const CommandLine& line, const std::filesystem::path& directory) {
  std::map<std::string, std::string> all;
  for (const char* kept : {"PATH", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(kept)) all[kept] = value;
  }
  all["HOME"] = directory.string();
  for (const auto& [name, value] : line.environment) all[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : all) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& s : strings) result.push_back(s.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

RunningCommand::RunningCommand(const CommandLine& line)
    : deadline_(std::chrono::steady_clock::now() + line.time_limit), input_(line.standard_input) {
  std::filesystem::path directory = line.directory;
  if (directory.empty()) {
    std::string name = (std::filesystem::temp_directory_path() / "forebay-run-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp", errno);
    directory = own_directory_ = name;
  }
  Pipe out = line.on_terminal ? terminal() : Pipe();
  Pipe err;
  Pipe in;

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.read_end, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.write_end, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, line.on_terminal ? out.write_end : err.write_end, STDERR_FILENO);
  ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());

  std::vector<std::string> arguments{line.program.empty() ? forebay_binary() : line.program};
  arguments.insert(arguments.end(), line.arguments.begin(), line.arguments.end());
  std::vector<std::string> environment = environment_of(line, directory);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);  // ignored here (write_some()), and what is ignored is inherited
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawn(&pid_, arguments[0].c_str(), &actions, &attributes, pointers(arguments).data(),
                                  pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  for (int* end : {&in.read_end, &out.write_end, &err.write_end}) close_once(*end);
  out_ = out.read_end;
  err_ = err.read_end;
  in_ = in.write_end;
  if (error != 0) {
    pid_ = -1;
    for (int* end : {&out_, &err_, &in_}) close_once(*end);
    fail("cannot run " + arguments[0], error);
  }
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
}

RunningCommand::~RunningCommand() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap();
  }
  for (int* end : {&out_, &err_, &in_}) close_once(*end);
  std::error_code ignored;
  if (!own_directory_.empty()) std::filesystem::remove_all(own_directory_, ignored);
}

void RunningCommand::send_signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

bool RunningCommand::wait_for(std::string_view text) {
  const auto seen = [&] {
    return result_.out.find(text) != std::string::npos || result_.err.find(text) != std::string::npos;
  };
  while (!seen()) {
    if (!pump()) return seen();
  }
  return true;
}

CommandResult RunningCommand::wait() {
  while (pump()) {
  }
  if (!ended_in_time()) {
    result_.timed_out = true;
    send_signal(SIGKILL);
  }
  reap();
  return result_;
}

bool RunningCommand::pump() {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now()).count();
  if (left <= 0 || (out_ < 0 && err_ < 0)) return false;
  if (in_ >= 0 && input_.empty()) close_once(in_);
  std::array<pollfd, 3> waiting{{{out_, POLLIN, 0}, {err_, POLLIN, 0}, {in_, POLLOUT, 0}}};
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(left)) < 0 && errno != EINTR) fail("poll", errno);
  if (waiting[0].revents != 0) read_some(out_, result_.out);
  if (waiting[1].revents != 0) read_some(err_, result_.err);
  if (waiting[2].revents != 0) write_some();
  return true;
}

void RunningCommand::read_some(int& descriptor, std::string& into) {
  std::array<char, 16384> block;
  const ssize_t n = ::read(descriptor, block.data(), block.size());
  if (n > 0) {
    into.append(block.data(), static_cast<std::size_t>(n));
  } else if (n == 0 || errno != EINTR) {  // a terminal whose other side is closed says EIO
    close_once(descriptor);
  }
}

void RunningCommand::write_some() {
  // A child that ends without reading would raise SIGPIPE here; the tests are not to die of it.
  std::signal(SIGPIPE, SIG_IGN);
  const ssize_t n = ::write(in_, input_.data(), input_.size());
  if (n > 0) input_.erase(0, static_cast<std::size_t>(n));
  if (n < 0 && errno != EAGAIN && errno != EINTR) close_once(in_);
}

/// A child may close its outputs and stay: its end is waited for as well, up to the time limit.
bool RunningCommand::ended_in_time() const {
  int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (descriptor < 0) return out_ < 0 && err_ < 0;
  pollfd ended{descriptor, POLLIN, 0};
  int n = -1;
  do {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now()).count();
    n = ::poll(&ended, 1, left > 0 ? static_cast<int>(left) : 0);
  } while (n < 0 && errno == EINTR);
  close_once(descriptor);
  return n > 0;
}

void RunningCommand::reap() {
  if (pid_ <= 0) return;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  result_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
}

CommandResult run_command(const CommandLine& line) { return RunningCommand(line).wait(); }

CommandResult run_forebay(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                          const std::filesystem::path& directory) {
  CommandLine line;
  line.arguments = std::move(arguments);
  line.environment = std::move(environment);
  line.directory = directory;
  return run_command(line);
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace forebay::test
