#pragma once

#include <string>

namespace forebay::test {

/// Of this build and this source tree: the programs that tests run, and the pages that they compare with.
std::string forebay_binary();
std::string example_binary();
std::string crash_binary();
std::string source_directory();

}  // namespace forebay::test
