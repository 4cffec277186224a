#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace forebay::crash {

/// Whether strace is there and may trace.
bool strace_works();

/// A command line that runs what follows it under strace, with every thread's call number `nth` of `syscall` (a set, as
/// "rename,renameat") changed as `how` says: "signal=KILL", "error=EIO".
std::vector<std::string> under_strace(const std::string& syscalls, const std::string& how, const std::string& when);

/// strace's arguments to attach to a process and change its calls on these files alone.
std::vector<std::string> attach_strace(int pid, const std::string& syscalls, const std::string& how,
                                       const std::string& when, const std::vector<std::filesystem::path>& files);

}  // namespace forebay::crash
