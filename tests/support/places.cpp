#include "support/places.hpp"

#include <cstdlib>

namespace forebay::test {

// The only file with paths compiled in, so that all others compile alike wherever the tree lies.
std::string forebay_binary() {
  const char* another = std::getenv("FOREBAY_TEST_COMMAND");
  return another != nullptr ? another : FOREBAY_COMMAND;
}
std::string example_binary() { return FOREBAY_EXAMPLE; }
std::string fake_clock_library() { return FOREBAY_FAKE_CLOCK; }
std::string opengauss_libpq_library() { return FOREBAY_OPENGAUSS_LIBPQ; }
std::string crash_binary() { return FOREBAY_CRASH; }
std::string library() { return FOREBAY_LIBRARY; }
std::string crash_harness_library() { return FOREBAY_CRASH_HARNESS; }
std::string source_directory() { return FOREBAY_SOURCE_DIR; }
std::string shared_files() { return FOREBAY_SHARE; }

}  // namespace forebay::test
