#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/buffer_view.hpp"

namespace forebay::cli {

/// Exit statuses of monitoring plugins, which are others than the command's own.
enum CheckStatus : int { kOk = 0, kWarning = 1, kCritical = 2, kUnknown = 3 };

struct [[nodiscard]] CheckResult {
  CheckStatus status = kOk;
  std::string line;  // "WARNING - 1 row is in quarantine … | pending=0;;;0 …"
};

/// Judges what was seen: rows that have waited for longer than `max_wait` are critical; rows in quarantine or missing,
/// orphans, processes that do not answer, a destination or a disk that a person has to see to are a warning.
CheckResult judge(const std::vector<BufferView>& buffers, std::chrono::seconds max_wait);

/// Runs a check: prints one line and returns its status; whatever `check` throws is UNKNOWN.
int run_check(const std::function<CheckResult()>& check);

/// Whether this command line is meant as one, however wrong it is else.
bool asks_for_check(const std::vector<std::string>& arguments);

}  // namespace forebay::cli
