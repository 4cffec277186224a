#pragma once

#include <atomic>

namespace forebay {

/// Called at each named crash point that a thread passes. Must not throw.
using CrashPointHook = void (*)(const char* point);

/// Null but in the crash tests (tests/crash/), which end the process at a point, or note which one it has passed.
inline std::atomic<CrashPointHook> crash_point_hook{nullptr};

/// Marks a step that a kill may come before or after. Costs one relaxed load. The tests know each point by its name,
/// and fail for one that they never reach: tests/crash/crash_points.hpp lists them.
inline void crash_point(const char* point) {
  if (const CrashPointHook hook = crash_point_hook.load(std::memory_order_relaxed)) hook(point);
}

}  // namespace forebay
