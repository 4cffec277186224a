#include "crash/strace.hpp"

#include <cstdlib>

#include "crash/child.hpp"

namespace forebay::crash {
namespace {

std::vector<std::string> quiet(const std::string& syscalls, const std::string& how, const std::string& when) {
  return {"strace",
          "-f",
          "-qqq",
          "-o",
          "/dev/null",
          "-e",
          "signal=none",
          "-e",
          "trace=" + syscalls,
          "-e",
          "inject=" + syscalls + ":" + how + ":when=" + when};
}

}  // namespace

bool strace_works() {
  static const bool kWorks = [] {
    const std::filesystem::path said = std::filesystem::temp_directory_path() / "forebay-crash-strace";
    try {
      Child child("strace", {"-f", "-qqq", "-e", "trace=none", "true"}, said);
      return child.wait(std::chrono::seconds(30)) && child.status() == 0;
    } catch (const std::exception&) {
      return false;
    }
  }();
  return kWorks;
}

std::vector<std::string> under_strace(const std::string& syscalls, const std::string& how, const std::string& when) {
  std::vector<std::string> line = quiet(syscalls, how, when);
  // Not --seccomp-bpf: with it strace 6.1 lets most calls pass that are to be injected into.
  // LeakSanitizer cannot look at a process that is traced, and ends it with an error instead.
  const char* options = std::getenv("ASAN_OPTIONS");
  line.insert(line.end(), {"-E", std::string("ASAN_OPTIONS=") + (options ? options : "") + ":detect_leaks=0", "--"});
  return line;
}

std::vector<std::string> attach_strace(int pid, const std::string& syscalls, const std::string& how,
                                       const std::string& when, const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> line = quiet(syscalls, how, when);
  for (const auto& file : files) line.insert(line.end(), {"-P", file.string()});
  line.insert(line.end(), {"-p", std::to_string(pid)});
  return line;
}

}  // namespace forebay::crash
