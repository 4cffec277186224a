#pragma once

#include <string>

namespace forebay::test {

/// Of this build and this source tree: the programs that tests run, and the pages that they compare with.
std::string forebay_binary();
std::string example_binary();
std::string crash_binary();
/// Archives: of the library, and of the part of the crash harness that this program has as well.
std::string library();
std::string crash_harness_library();
std::string source_directory();
/// Folder of the manual pages and completions that the build made. Empty in builds with sanitizers, which make none.
std::string shared_files();
/// For LD_PRELOAD: tests/fake_clock/. Empty in builds with sanitizers, which want to be loaded first themselves.
std::string fake_clock_library();
/// Likewise: tests/opengauss_libpq/.
std::string opengauss_libpq_library();

}  // namespace forebay::test
