#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace forebay::test {

/// Runs `body` in a forked child, for what would spoil the other test cases: limits, mounts, another user. Returns an
/// empty text when it returned, else what it threw, or how it ended.
std::string in_child(const std::function<void()>& body);

/// For bodies of in_child(), where Catch2's checks would be lost.
inline void expect(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error("expected: " + what);
}
/// The message of what `call` throws; fails when it throws nothing.
std::string expect_error(const std::function<void()>& call, const std::string& part);

}  // namespace forebay::test
