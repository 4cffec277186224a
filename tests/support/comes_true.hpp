#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace forebay::test {

/// Looks every few milliseconds until it is so. False when it is not so after 30 s.
inline bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace forebay::test
