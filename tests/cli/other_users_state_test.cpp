// Root looks at the state directory of the user who runs the scans: what is there is that user's, and nothing to
// remove.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/places.hpp"
#include "support/refusing_place.hpp"
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

/// Runs a command that begins with `forebay` or with what a message advises to put before it; the binary lies in the
/// directory, where any user finds it.
CommandResult run_as(const TemporaryDirectory& directory, const std::map<std::string, std::string>& settings,
                     const std::vector<std::string>& command, const std::vector<std::string>& arguments) {
  CommandLine line;
  line.directory = directory.path();
  line.environment = settings;
  line.environment["FOREBAY_STATE_DIR"] = (directory / "state").string();
  line.program = command.front() == "runuser" ? "/usr/sbin/runuser" : command.front();
  line.arguments.assign(command.begin() + 1, command.end());
  for (std::string& word : line.arguments) {
    if (word == "forebay") word = (directory / "forebay").string();  // not on the PATH here
  }
  line.arguments.insert(line.arguments.end(), arguments.begin(), arguments.end());
  return run_command(line);
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
  const auto run = [&](const std::vector<std::string>& command, const std::vector<std::string>& arguments) {
    return run_as(directory, {{"DATABASE_URL", kNobody}, {"SYNC_DRAIN_TIMEOUT", "1"}}, command, arguments);
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

TEST_CASE("root is told to look at another user's quarantine as that user, and its buffer is no orphan",
          "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const TemporaryDirectory directory;
  ::chmod(directory.path().c_str(), 0755);
  fs::copy_file(forebay_binary(), directory / "forebay");
  const Place place = catalog_place(directory);
  const auto run = [&](const std::vector<std::string>& command, const std::vector<std::string>& arguments) {
    return run_as(directory, {{"DATABASE_URL", place.url}}, command, arguments);
  };
  const std::vector<std::string> as_root = {forebay_binary()};
  const std::vector<std::string> as_owner = {"runuser", "-u", "nobody", "--", "forebay"};
  REQUIRE(run(as_root, {"migrate", "up"}).status == 0);
  place.refuse();
  const Tree tree;
  std::ofstream(tree.path() + "/bad") << "x";
  REQUIRE(run(as_root, {"scan", tree.path(), "--set-id", "7"}).status == 1);
  REQUIRE(::chown((directory / "state").c_str(), kNobodyUid, kNobodyUid) == 0);
  for (const auto& of : fs::recursive_directory_iterator(directory / "state"))
    REQUIRE(::lchown(of.path().c_str(), kNobodyUid, kNobodyUid) == 0);

  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"errors"}, {"errors", "--json"}, {"errors", "--drop", "7, " + tree.path() + "/bad", "--yes"}}) {
    const CommandResult errors = run(as_root, arguments);
    CAPTURE(errors.out, errors.err);
    CHECK(errors.status == 4);
    CHECK_THAT(errors.err, Contains("quarantine.db belongs to another user, as does its folder") &&
                               !Contains("look who put it there"));
    CHECK(advised(errors.err) == as_owner);
  }
  const CommandResult status = run(as_root, {"status"});
  CAPTURE(status.out);
  CHECK_THAT(status.out, Contains("0 orphaned, 1 finished") && Contains("quarantine.db belongs to another user") &&
                             !Contains("look who put it there") && !Contains("0 left"));
  const auto json = summary_of(run(as_root, {"status", "--json"})).at("buffers").at(0);
  CHECK(json.at("state") == "finished");
  CHECK(json.at("quarantined").is_null());  // not known
  const CommandResult check = run(as_root, {"status", "--check"});
  CAPTURE(check.out);
  CHECK(check.status == 1);
  CHECK_THAT(check.out, Contains("run this as that user (runuser -u nobody -- forebay …)") && Contains("orphans=0;") &&
                            !Contains("is an orphan"));
  CHECK(run(as_root, {"force-sync", "--timeout", "1"}).status != 0);

  // As advised.
  CHECK_THAT(run(advised(status.out), {"status"}).out, Contains("1 row; forebay errors shows why"));
  CHECK_THAT(run(advised(check.out), {"errors"}).out, Contains("1 row in quarantine"));
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
