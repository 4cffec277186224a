// The test program: Catch2's, and a check that each case has the tag [threads] that starts a thread or a process, and
// the tag [postgres] that takes a server.
#define CATCH_CONFIG_RUNNER
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <string_view>

#include "support/sanitizers.hpp"
#include "support/server_uses.hpp"
#include "support/starts.hpp"

namespace forebay::test {

static std::size_t g_wrong_tags = 0;

/// Compares each case's tag [threads] with what it started: the thread sanitizer's run takes only cases that have it.
/// Under a sanitizer nothing is counted, so nothing is compared. And its tag [postgres] with whether it took a server:
/// runs against other versions take only cases that have it.
class TagsListener : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    TestEventListenerBase::testCaseStarting(info);
    before_ = starts();
    servers_before_ = g_server_uses;
    skipped_ = false;
  }

  bool assertionEnded(const Catch::AssertionStats& stats) override {
    const Catch::AssertionResult& result = stats.assertionResult;
    if (result.getResultType() == Catch::ResultWas::Warning && result.hasMessage()) {
      skipped_ = skipped_ || std::string_view(stats.infoMessages.back().message).substr(0, 8) == "skipped:";
    }
    return false;
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const bool started = starts() != before_;
    const auto has = [&](const char* tag) {
      return std::ranges::find(stats.testInfo.lcaseTags, tag) != stats.testInfo.lcaseTags.end();
    };
    const bool tagged = has("threads");
    if (started && !tagged) {
      std::cerr << "the case \"" << stats.testInfo.name
                << "\" starts a thread or a process: give it the tag [threads]\n";
      ++g_wrong_tags;
    }
    if (g_server_uses != servers_before_ && !has("postgres")) {
      std::cerr << "the case \"" << stats.testInfo.name << "\" takes a PostgreSQL: give it the tag [postgres]\n";
      ++g_wrong_tags;
    }
    // One that was skipped or failed may have started nothing yet; one for a type in a template has the tags of all
    // types.
    const bool of_template = stats.testInfo.name.find(" - ") != std::string::npos;
    if (!started && tagged && !skipped_ && !of_template && stats.totals.testCases.allOk()) {
      std::cerr << "the case \"" << stats.testInfo.name
                << "\" starts neither thread nor process: take the tag [threads] away\n";
      ++g_wrong_tags;
    }
    TestEventListenerBase::testCaseEnded(stats);
  }

 private:
  std::size_t before_ = 0, servers_before_ = 0;
  bool skipped_ = false;
};

#ifndef FOREBAY_SANITIZED
CATCH_REGISTER_LISTENER(TagsListener)
#endif

}  // namespace forebay::test

int main(int argc, char** argv) {
  const int status = Catch::Session().run(argc, argv);
  return status == 0 && forebay::test::g_wrong_tags > 0 ? 1 : status;
}
