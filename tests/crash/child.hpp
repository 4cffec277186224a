#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace forebay::crash {

/// A process under test. What it says goes to two files. Killed and reaped when it goes out of scope.
class Child {
 public:
  Child(const std::string& program, const std::vector<std::string>& arguments, std::filesystem::path said);
  Child(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  /// Reaps it when it has.
  bool ended();
  void send(int signal) const;
  /// False when it still runs after that time.
  bool wait(std::chrono::milliseconds time_max);
  void kill_and_reap();

  /// After it ended: exit status, or 128 + signal.
  int status() const { return status_; }
  std::string out() const;
  std::string err() const;

 private:
  std::filesystem::path said_;
  pid_t pid_ = -1;
  int status_ = -1;
  bool reaped_ = false;
};

}  // namespace forebay::crash
