#include "checkpoint/hook.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "base/io.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Hook {
 public:
  explicit Hook(const std::string& script) : path_(dir_.write("hook", script)) { ::chmod(path_.c_str(), 0700); }
  HookResult run(milliseconds deadline = std::chrono::seconds(60)) {
    lines.clear();
    return run_checkpoint_hook(
        path_, "/srv/check points/a;b.db", [this](std::string_view line) { lines.emplace_back(line); }, deadline);
  }
  const TemporaryDirectory& directory() const { return dir_; }
  std::vector<std::string> lines;

 private:
  TemporaryDirectory dir_;
  std::filesystem::path path_;
};

TEST_CASE("a hook gets the checkpoint's path as its only argument, and no shell in between", "[threads]") {
  Hook hook("#!/bin/sh\necho \"$# $1\"; echo to stderr >&2; printf unended");
  const HookResult result = hook.run();
  CHECK(result.succeeded);
  CHECK(result.problem.empty());
  CHECK((hook.lines == std::vector<std::string>{"1 /srv/check points/a;b.db", "to stderr", "unended"}));
}

TEST_CASE("a hook has nothing of this process but its environment", "[threads]") {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int ours = ::fcntl(null.get(), F_DUPFD, 57);  // without O_CLOEXEC, as a host program's may be
  REQUIRE(ours >= 57);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  auto* const sigpipe = ::signal(SIGPIPE, SIG_IGN);
  Hook hook(
      "#!/bin/sh\nreadlink /proc/$$/fd/0\nls /proc/$$/fd | tr '\\n' ' '\necho\n"
      "grep -E 'Sig(Blk|Ign)' /proc/self/status\nps -o pgid= $$ | tr -d ' '; echo $$");
  CHECK(hook.run().succeeded);
  ::signal(SIGPIPE, sigpipe);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(ours);
  REQUIRE(hook.lines.size() == 6);
  CHECK(hook.lines[0] == "/dev/null");
  CHECK(hook.lines[1].find(std::to_string(ours)) == std::string::npos);
  CHECK_THAT(hook.lines[2], Catch::EndsWith("0000000000000000"));
  CHECK_THAT(hook.lines[3], Catch::EndsWith("0000000"));  // 32 and 33 are glibc's own
  CHECK(hook.lines[4] == hook.lines[5]);                  // it leads a process group
}

TEST_CASE("a hook that fails is told in one line", "[threads]") {
  CHECK_THAT(Hook("#!/bin/sh\nexit 7").run().problem, Catch::EndsWith("ended with status 7"));
  CHECK_THAT(Hook("#!/bin/sh\nkill -ABRT $$").run().problem, Catch::EndsWith("ended by signal 6"));
  CHECK_THAT(Hook("#!/no/such/interpreter\n").run().problem, Catch::Contains("cannot be run: No such file"));
  CHECK_THAT(Hook("\x7f"
                  "ELF nonsense")
                 .run()
                 .problem,
             Catch::Contains("cannot be run"));
  const TemporaryDirectory dir;
  const auto nothing = [](std::string_view) {};
  CHECK_THAT(run_checkpoint_hook(dir / "missing", "x", nothing).problem, Catch::Contains("No such file"));
  CHECK_THAT(run_checkpoint_hook(dir.path(), "x", nothing).problem, Catch::Contains("cannot be run"));
  CHECK_THAT(run_checkpoint_hook(dir.write("plain", "#!/bin/sh\n"), "x", nothing).problem,
             Catch::Contains("Permission denied"));
}

TEST_CASE("a hook that hangs is killed at the deadline with what it started", "[threads]") {
  Hook hook("#!/bin/sh\nsleep 1000 &\necho $!\nsleep 1000");
  const auto start = steady_clock::now();
  const HookResult result = hook.run(milliseconds(700));
  CHECK_FALSE(result.succeeded);
  CHECK_THAT(result.problem, Catch::Contains("was killed: it ran for longer than"));
  CHECK(steady_clock::now() - start < std::chrono::seconds(20));
  REQUIRE(hook.lines.size() == 1);
  const int started = std::stoi(hook.lines[0]);
  // Whoever adopted it reaps it in its own time: it is dead when it is gone or a zombie.
  const auto dead = [&] {
    std::ifstream stat("/proc/" + std::to_string(started) + "/stat");
    std::string pid, name, state;
    return !(stat >> pid >> name >> state) || state == "Z" || state == "X";
  };
  while (!dead() && steady_clock::now() - start < std::chrono::seconds(20)) ::usleep(1000);
  CHECK(dead());
}

TEST_CASE("a hook that leaves a child behind is not waited for", "[threads]") {
  Hook hook("#!/bin/sh\nsleep 5 &\necho done");
  const auto start = steady_clock::now();
  CHECK(hook.run().succeeded);
  CHECK(steady_clock::now() - start < std::chrono::seconds(4));
  CHECK((hook.lines == std::vector<std::string>{"done"}));
}

TEST_CASE("a hook that closes its output is still waited for", "[threads]") {
  Hook hook("#!/bin/sh\nexec >/dev/null 2>&1\nsleep 0.2\nexit 3");
  CHECK_THAT(hook.run().problem, Catch::EndsWith("ended with status 3"));
}

TEST_CASE("a hook's output is bounded, and no line of it steers a terminal", "[threads]") {
  Hook hook(
      "#!/bin/sh\nprintf '\\033[2Jx\\n'\nfor i in $(seq 300); do echo $i; done\nhead -c 3000000 /dev/zero | tr '\\0' "
      "y");
  CHECK(hook.run().succeeded);
  REQUIRE(hook.lines.size() == 101);
  CHECK(hook.lines[0] == "\\x1B[2Jx");
  CHECK(hook.lines[100] == "(202 more lines of the hook are not shown)");
  Hook long_line("#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' y");
  CHECK(long_line.run().succeeded);
  REQUIRE(long_line.lines.size() == 1);
  CHECK(long_line.lines[0] == std::string(500, 'y') + "…");
}

TEST_CASE("a hook leaves other children of this process alone, and is left to who reaps them all", "[threads]") {
  const pid_t other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) ::_exit(9);
  CHECK(Hook("#!/bin/sh\nexit 0").run().succeeded);
  int status = 0;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(WEXITSTATUS(status) == 9);

  auto* const before = ::signal(SIGCHLD, SIG_IGN);
  CHECK_THAT(Hook("#!/bin/sh\nexit 0").run().problem, Catch::Contains("exit status is lost"));
  ::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace forebay::test
