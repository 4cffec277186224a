// Root looks at the state directory of the user who runs the scans: what is there is that user's, and nothing to
// remove.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

/// `nobody`, whom every Linux has under this number.
constexpr uid_t kNobodyUid = 65534;

/// The words of a command that a message advises, up to "…".
std::vector<std::string> advised(const std::string& text) {
  const std::size_t begin = text.find("runuser -u ");
  REQUIRE(begin != std::string::npos);
  std::istringstream words(text.substr(begin, text.find_first_of(")\n", begin) - begin));
  std::vector<std::string> command;
  for (std::string word; words >> word && word != "…";) command.push_back(word);
  return command;
}

TEST_CASE("root is told to look at another user's state directory as that user, which helps", "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const TemporaryDirectory directory;
  ::chmod(directory.path().c_str(), 0755);
  fs::create_directory(directory / "tree");
  fs::create_directory(directory / "state");
  REQUIRE(::chown((directory / "state").c_str(), kNobodyUid, kNobodyUid) == 0);
  fs::copy_file(forebay_binary(), directory / "forebay");
  const auto run = [&](std::vector<std::string> command, const std::vector<std::string>& arguments) {
    CommandLine line;
    line.directory = directory.path();
    line.environment = {
        {"FOREBAY_STATE_DIR", (directory / "state").string()}, {"DATABASE_URL", kNobody}, {"SYNC_DRAIN_TIMEOUT", "1"}};
    line.program = command.front() == "runuser" ? "/usr/sbin/runuser" : command.front();
    line.arguments.assign(command.begin() + 1, command.end());
    for (std::string& word : line.arguments) {
      if (word == "forebay") word = (directory / "forebay").string();  // not on the PATH here
    }
    line.arguments.insert(line.arguments.end(), arguments.begin(), arguments.end());
    return run_command(line);
  };
  const std::vector<std::string> as_root = {forebay_binary()};
  const std::vector<std::string> as_owner = {"runuser", "-u", "nobody", "--", "forebay"};
  REQUIRE(run(as_owner, {"scan", (directory / "tree").string()}).status == 3);

  const CommandResult status = run(as_root, {"status"});
  CAPTURE(status.out, status.err);
  CHECK_THAT(status.out, !Contains("remove it") && !Contains("recover --to"));
  CHECK_THAT(status.out, Contains("to send them: runuser -u nobody -- forebay recover"));
  CHECK(advised(status.out.substr(status.out.find("problem"))) == as_owner);
  CHECK_THAT(run(as_root, {"force-sync", "--timeout", "1"}).err, Contains("runuser -u nobody -- forebay recover"));
  for (const char* command : {"recover", "scan"}) {
    const CommandResult refused =
        run(as_root, command == std::string("scan") ? std::vector<std::string>{"scan", (directory / "tree").string()}
                                                    : std::vector<std::string>{command});
    CHECK(refused.status == 2);
    CHECK(advised(refused.err) == as_owner);
  }

  // As advised.
  const CommandResult seen = run(advised(status.out.substr(status.out.find("problem"))), {"status"});
  CHECK(seen.status == 0);
  CHECK_THAT(seen.out, Contains("process ") && Contains("to send them: forebay recover\n") && !Contains("problem"));
}

TEST_CASE("another user's file in one's own folder is still one that somebody put there", "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const Tree tree;
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  REQUIRE(site.run({"scan", tree.path()}).status == 3);
  for (const auto& buffer : fs::directory_iterator(site.state() + "/buffers")) {
    REQUIRE(::chown((buffer.path() / "manifest").c_str(), kNobodyUid, kNobodyUid) == 0);
  }
  CHECK_THAT(site.run({"status"}).out, Contains("another user's file where forebay keeps a file of its own"));
}

}  // namespace
}  // namespace forebay::test
