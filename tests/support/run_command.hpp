#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace forebay::test {

/// How the forebay binary (or another program) is to be run.
struct CommandLine {
  std::vector<std::string> arguments;  // without the program
  /// All that the child sees, besides PATH, TZ, the sanitizers' options, and HOME and the working directory below:
  /// nothing of the tests' own environment (DATABASE_URL, PG* …) leaks in.
  std::map<std::string, std::string> environment;
  std::filesystem::path directory;  // working directory and, unless `environment` has one, HOME; empty: a temporary one
  std::string standard_input;
  std::chrono::milliseconds time_limit{60'000};  // then SIGKILL, and timed_out
  bool on_terminal = false;                      // stdout and stderr are one pseudo-terminal; all of it is in `out`
  std::string program;                           // empty: the forebay binary of this build
};

struct CommandResult {
  int status = -1;  // exit status; 128 + signal when one ended it
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// A program that was started and may be signalled. Killed and reaped when it goes out of scope.
class RunningCommand {
 public:
  explicit RunningCommand(const CommandLine& line);
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;
  ~RunningCommand();

  pid_t pid() const { return pid_; }
  void send_signal(int signal) const;
  /// Reads until stdout or stderr holds the text. False when the program ended or the time limit passed first.
  bool wait_for(std::string_view text);
  /// Reads to the end and reaps.
  CommandResult wait();

 private:
  bool pump();  // one poll; false when both outputs are at their end or the time is over
  void read_some(int& descriptor, std::string& into);
  void write_some();
  bool ended_in_time() const;
  void reap();

  std::chrono::steady_clock::time_point deadline_;
  std::filesystem::path own_directory_;
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1, in_ = -1;
  std::string input_;
  CommandResult result_;
};

/// Runs to the end.
CommandResult run_command(const CommandLine& line);
/// The usual case.
CommandResult run_forebay(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                          const std::filesystem::path& directory = {});

/// Whether what a command said holds the text.
bool says(const std::string& text, std::string_view part);

}  // namespace forebay::test
