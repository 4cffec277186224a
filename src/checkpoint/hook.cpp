#include "checkpoint/hook.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/io.hpp"
#include "base/text.hpp"

namespace forebay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLinesMax = 100;
constexpr std::size_t kLineBytesMax = 500;
constexpr milliseconds kLookEvery{20};  // whether it has ended: it may leave its output to a child that lives on

/// Output as lines, as many and as long as a log should bear.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& line) : line_(line) {}
  void add(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n') {
        end_line();
      } else if (now_.size() < kLineBytesMax) {
        now_ += c;
      } else {
        cut_ = true;
      }
    }
  }
  void end() {
    if (!now_.empty()) end_line();
    if (lines_ > kLinesMax) line_("(" + std::to_string(lines_ - kLinesMax) + " more lines of the hook are not shown)");
  }

 private:
  void end_line() {
    if (++lines_ <= kLinesMax) line_(safe_line(utf8_prefix(now_, kLineBytesMax)) + (cut_ ? "…" : ""));
    now_.clear();
    cut_ = false;
  }
  const std::function<void(std::string_view)>& line_;
  std::string now_;
  bool cut_ = false;
  std::size_t lines_ = 0;
};

/// posix_spawn's two objects, set up so that nothing of this process reaches the hook but its environment.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, 1);
    posix_spawn_file_actions_adddup2(&actions_, output, 2);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);  // what a host program left open; ours close on exec
#endif

    posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

enum class Ended : std::uint8_t { no, yes, unknown };

/// Looks whether the child has ended, and reaps it.
Ended reap(pid_t pid, siginfo_t& how) {
  how = {};
  while (::waitid(P_PID, static_cast<id_t>(pid), &how, WEXITED | WNOHANG) != 0) {
    if (errno != EINTR) return Ended::unknown;  // the host program ignores SIGCHLD, or reaps what is not its own
  }
  return how.si_pid == pid ? Ended::yes : Ended::no;
}

/// Reads what there is, waiting for `wait` at most. False at the end of the output.
bool read_some(int fd, milliseconds wait, Lines& lines) {
  pollfd p{fd, POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(wait.count())) <= 0) return true;
  std::array<char, 4096> bytes{};
  const ssize_t n = ::read(fd, bytes.data(), bytes.size());
  if (n > 0) lines.add({bytes.data(), static_cast<std::size_t>(n)});
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/// Who writes a hook as for a shell is told what is different here.
std::string why_not_found(const std::string& hook) {
  if (const std::size_t space = hook.find_first_of(" \t"); space != std::string::npos) {
    struct stat st = {};
    const std::string program = hook.substr(0, space);
    if (program.find('/') == std::string::npos || ::stat(program.c_str(), &st) == 0)
      return " (arguments are not taken: for those, name a script)";
  }
  return hook.find('/') == std::string::npos ? " (PATH is not searched: give its whole path)" : "";
}

/// What the kernel would refuse of a script, told before a checkpoint is made. One that may be run and not be read is
/// left to the kernel, as is a binary, for which it may know other ways.
std::optional<std::string> script_problem(const std::filesystem::path& hook) {
  std::array<char, 256> bytes{};  // BINPRM_BUF_SIZE: of the first line, what the kernel looks at
  const UniqueFd file(::open(hook.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const ssize_t n = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (n < 0) return std::nullopt;

  const std::string_view head(bytes.data(), static_cast<std::size_t>(n));
  if (!head.starts_with("#!")) {
    if (head.find('\0') != std::string_view::npos) return std::nullopt;
    return "it is a script without a #! line; begin it with one, such as #!/bin/sh";
  }

  const std::string_view line = head.substr(2, std::min(head.find('\n'), head.size()) - 2);
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string interpreter(line.substr(begin, line.find_first_of(" \t", begin) - begin));
  if (line.ends_with('\r'))
    return "its #! line ends with a carriage return, which is taken for part of it; save it with Unix line ends";
  if (::access(interpreter.c_str(), X_OK) != 0) {
    return "its #! line names " + printable(interpreter) + ", which cannot be run (" +
           std::generic_category().message(errno) + "); name an interpreter that is there";
  }
  return std::nullopt;
}

void wait_a_little() { ::poll(nullptr, 0, static_cast<int>(kLookEvery.count())); }

}  // namespace

std::optional<std::string> checkpoint_hook_problem(const std::filesystem::path& hook) {
  struct stat st = {};
  if (::stat(hook.c_str(), &st) != 0) {
    return std::generic_category().message(errno) + "; name a program that is there" + why_not_found(hook.string());
  }
  if (!S_ISREG(st.st_mode)) return "it is not a file; name a program";
  if (::access(hook.c_str(), X_OK) != 0) {
    return std::generic_category().message(errno) + "; make it executable for this user (chmod +x)";
  }
  return script_problem(hook);
}

HookResult run_checkpoint_hook(const std::filesystem::path& hook, const std::filesystem::path& checkpoint,
                               const std::function<void(std::string_view)>& line, milliseconds deadline) {
  const auto failed = [&](const std::string& why) {
    return HookResult{false, "checkpoint hook " + hook.string() + " " + why};
  };

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return failed("was not run: " + std::generic_category().message(errno));
  }

  const UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  ::fcntl(input.get(), F_SETFL, 0);  // the hook's end is an ordinary one
  pid_t pid = -1;
  {
    const SpawnSettings settings(input.get());
    std::string program = hook.string();
    std::string argument = checkpoint.string();
    std::array<char*, 3> arguments = {program.data(), argument.data(), nullptr};
    const int error =
        ::posix_spawn(&pid, program.c_str(), settings.actions(), settings.attributes(), arguments.data(), environ);
    if (error != 0) {
      return failed("cannot be run: " + std::generic_category().message(error) +
                    (error == ENOEXEC ? "; a script needs a #! line" : ""));
    }
  }
  input.reset();

  Lines lines(line);
  const auto until = steady_clock::now() + deadline;
  siginfo_t how{};
  Ended ended = Ended::no;
  bool killed = false;
  bool open = true;
  for (;;) {
    ended = reap(pid, how);
    if (ended != Ended::no) break;
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    if (left <= milliseconds(0) && !killed) {
      ::kill(-pid, SIGKILL);  // its group: it is not reaped, so the number is still its own
      killed = true;
    }
    // One that does not die of SIGKILL hangs in the kernel, and is left to it.
    if (left <= milliseconds(-5000)) break;
    if (open) {
      open = read_some(output.get(), std::clamp(left, milliseconds(1), kLookEvery), lines);
    } else {
      wait_a_little();
    }
  }

  // What it wrote before it ended, and not what its children write on.
  for (int reads = 0; open && reads < 64; ++reads) {
    pollfd p{output.get(), POLLIN, 0};
    if (::poll(&p, 1, 0) <= 0) break;
    open = read_some(output.get(), milliseconds(0), lines);
  }
  lines.end();

  if (killed) return failed("was killed: it ran for longer than " + std::to_string(deadline.count() / 1000) + " s");
  if (ended == Ended::unknown) return failed("ran, but its exit status is lost: this program reaps all its children");
  if (how.si_code != CLD_EXITED) return failed("was ended by signal " + std::to_string(how.si_status));
  if (how.si_status != 0) return failed("ended with status " + std::to_string(how.si_status));
  return {true, {}};
}

}  // namespace forebay
