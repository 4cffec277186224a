#pragma once

#include <cstddef>

namespace forebay::test {

/// How many threads and processes this program has started so far, by the functions that its libraries and these tests
/// use (not by vfork(), clone() or timers that start threads); 0 for good under a sanitizer, which wraps the same
/// functions itself.
std::size_t starts();

}  // namespace forebay::test
