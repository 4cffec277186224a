#pragma once

#include <vector>

namespace forebay::test {

/// From here on the kernel refuses these system calls (SYS_…) to this process and its children with the errno, as a
/// container's seccomp filter does. For a forked child. False where the machine has no such filters.
bool refuse_calls(const std::vector<long>& calls, int error);

}  // namespace forebay::test
