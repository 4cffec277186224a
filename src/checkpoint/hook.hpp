#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

/// Why that is no program that could be run as a hook, as the end of a sentence.
[[nodiscard]] std::optional<std::string> checkpoint_hook_problem(const std::filesystem::path& hook);

struct [[nodiscard]] HookResult {
  bool succeeded = false;
  std::string problem;  // else: one line that names the hook and says why
};

/// Runs MEMORY_DB_CHECKPOINT_HOOK with the checkpoint's path as its only argument, and waits: no shell, stdin from
/// /dev/null, the rest of this process's descriptors closed, a process group of its own, which is killed at the
/// deadline. What it writes goes to `line`, a line at a time, a bounded number of them. Never throws for what the hook
/// does. Touches no signal handler of this process, and reaps that child only.
HookResult run_checkpoint_hook(const std::filesystem::path& hook, const std::filesystem::path& checkpoint,
                               const std::function<void(std::string_view)>& line,
                               std::chrono::milliseconds deadline = std::chrono::seconds(60));

}  // namespace forebay
