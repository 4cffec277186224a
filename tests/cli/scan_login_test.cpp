// A scan whose login or directory is refused: nothing secret is told, and nothing is lost.

#include <grp.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// A role of the throwaway server that has to give a password, where all others are trusted.
class PasswordLogin {
 public:
  explicit PasswordLogin(PostgresFixture& fixture) : fixture_(fixture), role_(fixture.schema() + "_login") {
    const char* data = std::getenv("THROWAWAY_PG_DATA");
    if (data == nullptr) return;
    hba_ = std::string(data) + "/pg_hba.conf";
    std::ifstream in(hba_);
    std::stringstream text;
    text << in.rdbuf();
    before_ = text.str();
    fixture_.exec("SET password_encryption = 'scram-sha-256'");  // 13's default is another
    fixture_.exec("CREATE ROLE " + role_ + " LOGIN SUPERUSER PASSWORD 'right-canary'");
    write("local all " + role_ + " scram-sha-256\n" + before_);
  }
  PasswordLogin(const PasswordLogin&) = delete;
  PasswordLogin& operator=(const PasswordLogin&) = delete;
  ~PasswordLogin() {
    if (hba_.empty()) return;
    write(before_);
    fixture_.exec("DROP OWNED BY " + role_);  // what the scan made as that role
    fixture_.exec("DROP ROLE " + role_);
  }
  bool available() const { return !hba_.empty(); }
  std::string url(const std::string& password) const {
    std::string url = fixture_.url();
    // The role and its password instead of whoever the tests log in as.
    url += (url.find('?') == std::string::npos ? "?user=" : "&user=") + role_ + "&password=" + password;
    return url;
  }
  const std::string& role() const { return role_; }

 private:
  void write(const std::string& text) {
    std::ofstream(hba_, std::ios::trunc) << text;
    const std::string loaded = fixture_.one("SELECT pg_conf_load_time()::text");
    fixture_.exec("SELECT pg_reload_conf()");
    comes_true([&] { return fixture_.one("SELECT pg_conf_load_time()::text") != loaded; });
  }

  PostgresFixture& fixture_;
  std::string role_, hba_, before_;
};

TEST_CASE(
    "a wrong password ends a scan with 3 without telling any password, and recover lands the rows with the right one",
    "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const PasswordLogin login(fixture);
  if (!login.available()) {
    WARN("skipped: scripts/with-postgres.sh did not start the server, so its pg_hba.conf is not ours to change");
    return;
  }
  ScanSite site(login.url("wrong-canary"), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 1500);
  const auto refused = site.run({"--log-level", "debug", "scan", tree.path(), "--json"});
  CAPTURE(refused.err, refused.out);
  CHECK(refused.status == 3);
  CHECK(says(refused.err, "password"));
  CHECK(says(refused.err, login.role()));
  CHECK(says(refused.err, "forebay recover"));
  CHECK(summary_of(refused).at("destination_state") == "misconfigured");
  CHECK_FALSE(says(refused.err + refused.out, "canary"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site.state())) {
    if (entry.path().filename() != "manifest") continue;
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    CHECK_FALSE(says(text.str(), "canary"));
  }
  site.set("DATABASE_URL", login.url("right-canary"));
  const auto recovered = site.run({"--log-level", "debug", "recover", "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == summary_of(refused).at("accepted").dump());
  CHECK_FALSE(says(recovered.err + recovered.out, "canary"));
}

TEST_CASE("a directory that may not be read is refused with 2, and one below it is counted and told", "[threads]") {
  if (!is_root()) {
    WARN("skipped: only root can run the command as another user");
    return;
  }
  const Tree tree;
  tree.directory("secret/inside");
  tree.file("open");
  std::filesystem::permissions(tree / "secret", std::filesystem::perms::none);
  const ScanSite site;
  std::filesystem::permissions(site.directory().path(), std::filesystem::perms::all);
  CommandLine line =
      site.line({"--reuid", "65534", "--regid", "65534", "--clear-groups", forebay_binary(), "scan", tree / "secret"});
  line.program = "/usr/bin/setpriv";
  const auto refused = run_command(line);
  CAPTURE(refused.err);
  CHECK(refused.status == 2);
  CHECK(says(refused.err, "secret"));
  CHECK(says(refused.err, "Permission denied"));
  line.arguments.back() = tree.path();
  line.arguments.push_back("--json");
  const auto partly = run_command(line);
  CAPTURE(partly.err);
  CHECK(partly.status == 1);
  CHECK(summary_of(partly).at("unreadable") == 1);
  CHECK(summary_of(partly).at("synced") == 3);
  CHECK(says(partly.err, "cannot read " + (tree / "secret") + ": Permission denied"));
}

}  // namespace
}  // namespace forebay::test
