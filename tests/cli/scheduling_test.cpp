// The examples in config/ and docs/scheduling.md, run as cron and systemd would run them.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>
#include <sstream>

#include "base/io.hpp"
#include "support/file_bytes.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::string example(const std::string& name) {
  const std::string text = bytes_of(source_directory() + "/config/" + name);
  REQUIRE_FALSE(text.empty());
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// The value of a unit's setting, of which there is one.
std::string setting_of(const std::string& unit, const std::string& name) {
  std::smatch found;
  REQUIRE(std::regex_search(unit, found, std::regex("(?:^|\n)" + name + "=([^\n]*)\n")));
  return found[1];
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

CommandLine program(const std::string& name, std::vector<std::string> arguments) {
  CommandLine line;
  line.program = name;
  line.arguments = std::move(arguments);
  return line;
}

/// Where a machine would have the files that the examples name: each of the examples' paths, and what it is here.
struct Machine {
  explicit Machine(const std::string& settings) {
    for (const char* folder : {"bin", "state"}) fs::create_directory(folder_ / folder);
    fs::copy_file(forebay_binary(), folder_ / "bin/forebay");
    folder_.write(".env", settings + "FOREBAY_STATE_DIR=" + state() + "\n");
    fs::permissions(folder_ / ".env", fs::perms::owner_read | fs::perms::owner_write);
  }
  std::string state() const { return (folder_ / "state").string(); }
  const TemporaryDirectory& folder() const { return folder_; }

  std::string here(std::string text, const std::string& scanned) const {
    text = replaced(std::move(text), "/etc/forebay/.env", (folder_ / ".env").string());
    text = replaced(std::move(text), "/var/lib/forebay", state());
    text = replaced(std::move(text), "/usr/local/bin", (folder_ / "bin").string());
    return replaced(std::move(text), " /srv", " " + scanned);
  }
  void give_to(uid_t account) const {
    fs::permissions(folder_.path(), fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
    for (const char* name : {"state", ".env"}) REQUIRE(::chown((folder_ / name).c_str(), account, account) == 0);
  }

 private:
  TemporaryDirectory folder_;
};

/// The command of the line in config/cron/forebay whose command holds `part`.
std::string cron_command(const std::string& crontab, const std::string& part) {
  std::istringstream in(crontab);
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (std::regex_match(line, found, std::regex("(?:[0-9*/]+ ){5} *forebay  (.*)")) &&
        found[1].str().find(part) != std::string::npos) {
      return found[1];
    }
  }
  FAIL("no line of the crontab has " << part);
  return {};
}

/// As cron runs it: by the shell and PATH that the crontab names, with next to nothing else in the environment.
CommandResult run_by_cron(const Machine& machine, const std::string& crontab, const std::string& command,
                          const std::string& tree) {
  CommandLine line = program(setting_of(crontab, "SHELL"), {"-c", machine.here(command, tree)});
  line.environment = {
      {"PATH", machine.here(setting_of(crontab, "PATH"), tree)}, {"HOME", machine.state()}, {"LOGNAME", "forebay"}};
  return run_command(line);
}

}  // namespace

TEST_CASE("the lines for cron scan and recover with nothing in the environment, one scan at a time, and print nothing",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string crontab = example("cron/forebay");
  CHECK_THAT(bytes_of(source_directory() + "/docs/scheduling.md"),
             Contains(cron_command(crontab, "scan")) && Contains(cron_command(crontab, "recover")));
  const Tree tree;
  fill(tree, 20);
  const auto rows = [&] { return fixture.one("SELECT count(*) FROM backup_files"); };
  {
    const Machine machine("DATABASE_URL=" + fixture.url() + "\nFOREBAY_REQUIRE_SERVER=True\n");
    {
      const UniqueFd held(::open((machine.state() + "/nightly.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
      REQUIRE(::flock(held.get(), LOCK_EX) == 0);
      const auto second = run_by_cron(machine, crontab, cron_command(crontab, "scan"), tree.path());
      CHECK(second.status == 1);
      CHECK(second.out + second.err == "");
    }
    const auto scan = run_by_cron(machine, crontab, cron_command(crontab, "scan"), tree.path());
    CHECK(scan.status == 0);
    CHECK(scan.out + scan.err == "");
    CHECK(rows() == std::to_string(found_under(tree.path()).size()));
    const auto nothing = run_by_cron(machine, crontab, cron_command(crontab, "recover"), tree.path());
    CHECK(nothing.status == 0);
    CHECK(nothing.out + nothing.err == "");
  }
  // A server that was away in the night: a mail then, and none when the rows have arrived.
  fixture.exec("DELETE FROM backup_files");
  const FlakyAddress address(fixture);
  const Machine machine("DATABASE_URL=" + address.url() + "\nSYNC_DRAIN_TIMEOUT=1\nSYNC_CONNECT_TIMEOUT=1\n");
  const auto scan = run_by_cron(machine, crontab, cron_command(crontab, "scan"), tree.path());
  CHECK(scan.status == 3);
  CHECK_THAT(scan.err, Contains("forebay recover"));
  address.appear();
  const auto recovered = run_by_cron(machine, crontab, cron_command(crontab, "recover"), tree.path());
  CHECK(recovered.status == 0);
  CHECK(recovered.out + recovered.err == "");
  CHECK(rows() == std::to_string(found_under(tree.path()).size()));
}

TEST_CASE(
    "with the one capability of its unit a scan reads another account's private directories whole, without it not",
    "[threads]") {
  if (::geteuid() != 0) {
    SUCCEED("skipped: needs root, to be another account with a capability");
    return;
  }
  const std::string unit = example("systemd/forebay-scan@.service");
  const std::string capability = setting_of(unit, "AmbientCapabilities");
  REQUIRE(capability.substr(0, 4) == "CAP_");
  CHECK(setting_of(unit, "CapabilityBoundingSet") == capability);
  const Tree tree;
  fill(tree, 20, "private");
  fs::permissions(tree / "private", fs::perms::owner_all);
  const Machine machine("");
  constexpr uid_t kAccount = 12345;
  machine.give_to(kAccount);
  std::vector<std::string> start =
      words(replaced(replaced(machine.here(setting_of(unit, "ExecStart"), ""), "%i", "srv"), "%f", tree.path()));
  start.insert(start.begin() + 1, "--log-level=error");  // which has to be before the subcommand
  start.push_back("--json");
  const auto account = std::to_string(kAccount);
  const auto scan = [&](const std::vector<std::string>& capabilities) {
    std::vector<std::string> all = {"--reuid", account, "--regid", account, "--clear-groups", "--no-new-privs"};
    all.insert(all.end(), capabilities.begin(), capabilities.end());
    all.insert(all.end(), start.begin(), start.end());
    CommandLine line = program("/usr/bin/setpriv", all);
    line.environment = {{"HOME", machine.state()}, {"DATABASE_URL", "sqlite:" + machine.state() + "/catalog.db"}};
    return run_command(line);
  };
  std::string name = capability.substr(4);
  for (char& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));

  const auto whole = scan({"--bounding-set", "-all,+" + name, "--inh-caps", "+" + name, "--ambient-caps", "+" + name});
  CAPTURE(whole.err);
  CHECK(whole.status == 0);
  CHECK(summary_of(whole).at("scanned") == found_under(tree.path()).size());

  const auto without = scan({"--bounding-set", "-all"});
  CHECK(without.status == 1);
  CHECK(summary_of(without).at("unreadable") == 1);
}

TEST_CASE("the units are ones that systemd takes, and start what is there", "[threads]") {
  if (!fs::exists("/usr/bin/systemd-analyze")) {
    SUCCEED("skipped: no systemd-analyze (Debian's package systemd)");
    return;
  }
  const TemporaryDirectory root;
  const fs::path units = root / "etc/systemd/system";
  fs::create_directories(units);
  fs::create_directories(root / "usr/lib/systemd");
  fs::copy("/usr/lib/systemd/system", root / "usr/lib/systemd/system",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::create_directories(root / "usr/local/bin");
  fs::copy_file(forebay_binary(), root / "usr/local/bin/forebay");
  std::vector<std::string> verify = {"--root=" + root.path().string(), "verify"};
  for (const auto& unit : fs::directory_iterator(source_directory() + "/config/systemd")) {
    fs::copy_file(unit.path(), units / unit.path().filename());
    verify.push_back(replaced(unit.path().filename(), "@.", "@srv-data."));
  }
  const auto judged = [&] { return run_command(program("/usr/bin/systemd-analyze", verify)); };
  const auto good = judged();
  CHECK(good.out + good.err == "");
  CHECK(good.status == 0);

  const fs::path scan = units / "forebay-scan@.service";
  write_bytes(scan, replaced(bytes_of(scan), "ProtectSystem=", "ProtectSystm="));
  CHECK_THAT(judged().err, Contains("ProtectSystm"));
}

TEST_CASE("each spelling of a Unix socket in docs/scheduling.md reaches the server", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string page = bytes_of(source_directory() + "/docs/scheduling.md");
  const auto parameter = [&](const std::string& name) {
    std::smatch found;
    const std::string url = fixture.url();
    REQUIRE(std::regex_search(url, found, std::regex("[?&]" + name + "=([^&]*)")));
    return found[1].str();
  };
  const std::string folder = parameter("host");
  std::smatch block;
  REQUIRE(std::regex_search(page, block, std::regex("\n```\n((?:postgresql://[^\n]*\n)+)```\n")));
  int tried = 0;
  for (const std::string& spelling : words(block[1])) {
    std::string url = replaced(spelling, "/files", "/" + fixture.one("SELECT current_database()"));
    url = replaced(std::move(url), "/run/postgresql", folder);
    url = replaced(std::move(url), "%2Frun%2Fpostgresql", replaced(folder, "/", "%2F"));
    url = replaced(std::move(url), "forebay@", fixture.one("SELECT current_user") + "@");
    url = replaced(std::move(url), "5432", parameter("port"));
    ScanSite site(url);
    site.set("PGPORT", parameter("port"));
    site.set("PGUSER", fixture.one("SELECT current_user"));
    const auto checked = site.run({"config", "check"});
    CAPTURE(spelling, url, checked.out, checked.err);
    CHECK(checked.status == 0);
    ++tried;
  }
  CHECK(tried == 3);
}

}  // namespace forebay::test
