#pragma once

#include <cstddef>

namespace forebay::test {

/// How many threads and processes this program has started so far; 0 for good under a sanitizer, which wraps the same
/// functions itself.
std::size_t starts();

}  // namespace forebay::test
