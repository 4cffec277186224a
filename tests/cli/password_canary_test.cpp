// Commands that know a password, right or wrong, from each place that one may come from: nothing that others can read
// holds it.

#include <catch2/catch.hpp>
#include <filesystem>

#include "cli/process_title.hpp"
#include "support/file_bytes.hpp"
#include "support/private_postgres.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

enum class PasswordPlace { option, url, variable, password_file };

constexpr const char* kRight = "right/canary@1";
constexpr const char* kWrong = "wrong/canary@2";

PrivatePostgres& server() {
  static PrivatePostgres postgres;
  static const bool kMade = [] {
    postgres.exec(std::string("CREATE ROLE locked LOGIN PASSWORD '") + kRight + "'");
    postgres.exec("GRANT CREATE ON SCHEMA public TO locked");
    return true;
  }();
  static_cast<void>(kMade);
  return postgres;
}

std::string url_with(const std::string& user) {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(server().port()) +
         "/forebay?sslmode=disable&gssencmode=disable";
}

std::string encoded(std::string password) {
  for (const auto& [plain, code] : {std::pair{"/", "%2F"}, std::pair{"@", "%40"}}) {
    const auto at = password.find(plain);
    if (at != std::string::npos) password.replace(at, 1, code);
  }
  return password;
}

/// A site at which forebay finds the password in one place, and everything it says is kept.
class Canary {
 public:
  Canary(PasswordPlace place, const std::string& format)
      : place_(place), format_(format), site_("", {{"SYNC_DRAIN_TIMEOUT", "1"}}) {
    site_.set("FOREBAY_LOG_FILE", log_file().string());
    site_.set("HOME", site_.directory().path().string());
  }

  /// Puts the password into its place for the commands that follow.
  void set_password(const std::string& password) {
    const std::string url = url_with(
        place_ == PasswordPlace::option || place_ == PasswordPlace::url ? "locked:" + encoded(password) : "locked");
    to_ = place_ == PasswordPlace::option ? url : "";
    site_.set("DATABASE_URL", place_ == PasswordPlace::option ? url_with("locked") : url);
    if (place_ == PasswordPlace::variable) site_.set("PGPASSWORD", password);
    if (place_ == PasswordPlace::password_file) {
      const fs::path file = site_.directory().write(".pgpass", "*:*:*:*:" + password + "\n");
      fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    }
  }

  CommandLine line(std::vector<std::string> arguments, bool takes_to) {
    if (takes_to && !to_.empty()) arguments.insert(arguments.end(), {"--to", to_});
    arguments.insert(arguments.begin(), {"--log-level", "debug", "--log-format", format_});
    return site_.line(std::move(arguments));
  }
  CommandResult run(std::vector<std::string> arguments, bool takes_to = false) {
    return keep(run_command(line(std::move(arguments), takes_to)));
  }
  CommandResult keep(const CommandResult& result) {
    said_ += result.out + result.err;
    return result;
  }
  void keep(const std::string& text) { said_ += text; }

  const std::string& said() const { return said_; }
  std::string log() const { return bytes_of(log_file()); }
  std::string state() const { return site_.state(); }

 private:
  fs::path log_file() const { return site_.directory() / "log"; }

  PasswordPlace place_;
  std::string format_, to_, said_;
  ScanSite site_;
};

TEST_CASE("no password is in output, log, process list or state directory, wherever it stands, right or wrong",
          "[long][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const auto place =
      GENERATE(PasswordPlace::option, PasswordPlace::url, PasswordPlace::variable, PasswordPlace::password_file);
  const std::string format = place == PasswordPlace::url || place == PasswordPlace::password_file ? "json" : "text";
  CAPTURE(static_cast<int>(place), format);
  Canary canary(place, format);
  const Tree tree;
  fill(tree, 20);

  canary.set_password(kWrong);
  const bool with_live_process = place == PasswordPlace::option || place == PasswordPlace::password_file;
  if (with_live_process) {
    RunningCommand scan(canary.line({"scan", tree.path(), "--json"}, true));
    REQUIRE(scan.wait_for("buffering continues"));
    const std::string pid = std::to_string(scan.pid());
    const std::string title = bytes_of("/proc/" + pid + "/cmdline");
    CHECK(says(title, tree.path()));  // the rest of it stays
    canary.keep(title);
    CommandLine ps;
    ps.program = "/usr/bin/ps";
    ps.arguments = {"-ww", "-o", "args=", "-p", pid};
    canary.keep(run_command(ps));
    CHECK(says(canary.run({"status"}).out, "password"));  // the last error
    canary.run({"status", "--json"});
    canary.run({"checkpoint", "create"});
    canary.run({"force-sync", "--timeout", "1"});
    CHECK(canary.keep(scan.wait()).status == 3);
  }
  CHECK(canary.run({"config", "check"}).status == 3);
  canary.run({"config", "show", "--json"});
  canary.run({"migrate", "status"}, true);

  canary.set_password(kRight);
  CHECK(canary.run({"recover"}, true).status == 0);
  CHECK(canary.run({"scan", tree.path()}, true).status == 0);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"config", "show"}, {"config", "check", "--json"}, {"checkpoint", "list"}, {"status"}}) {
    canary.run(command);
  }
  canary.run({"scan", tree.path(), "--set-id"}, true);  // wrong usage

  CHECK(says(canary.said(), "locked"));
  CHECK_FALSE(says(canary.said(), "canary"));
  CHECK(says(canary.log(), "password"));
  CHECK_FALSE(says(canary.log(), "canary"));
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(canary.state())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    CAPTURE(entry.path());
    CHECK_FALSE(says(bytes_of(entry.path()), "canary"));
  }
  CHECK(files > 0);
}

std::vector<std::string> hidden(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  cli::hide_secrets(static_cast<int>(argv.size()), argv.data());
  return arguments;
}

TEST_CASE("what is hidden of a command line is the password; every argument keeps its length") {
  const std::string url = "postgresql://me:canary-canary@h/db";
  const auto shown = hidden({"forebay", "scan", "--to", url, "/srv", "--to=" + url, url});
  CHECK(shown[3] == "postgresql://me:****@h/db         ");
  CHECK(shown[4] == "/srv");
  CHECK(shown[5] == "--to=postgresql://me:****@h/db         ");
  CHECK(shown[6] == shown[3]);
  for (const std::string harmless : {"postgresql://me@h/db", "sqlite:/var/a:b@c", "/srv/a@b", "--set", "a=b"}) {
    CHECK(hidden({"forebay", harmless})[1] == harmless);
  }
  CHECK(hidden({"forebay", "--to", "sqlite:/var/a:b@c"})[2] == "sqlite:/var/a:b@c");
  // A mask longer than the password is cut, and what should have been a URL is not shown at all.
  CHECK(hidden({"forebay", "--to=postgresql://me:x@h/db"})[1] == "--to=postgresql://me:****@h");
  for (const std::string odd : {"host=h password=canary", "me:canary@h/db", "mysql://me:canary@h", "canary"}) {
    const std::string left = hidden({"forebay", "--to", odd})[2];
    CHECK(left.size() == odd.size());
    CHECK_FALSE(says(left, "canary"));
  }
  CHECK_FALSE(says(hidden({"forebay", "--too=" + url})[1], "canary"));
}

}  // namespace
}  // namespace forebay::test
