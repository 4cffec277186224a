// Settings that would fail only later, with a checkpoint, a log line or a login: `config check` ends with the status
// that the run would have had, and what it advises is tried.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/findings.hpp"
#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// `config check --json` with one setting more.
CommandResult check_with(const ScanSite& site, const std::string& setting, const std::string& value) {
  CommandLine line = site.line({"config", "check", "--json"});
  line.environment[setting] = value;
  return run_command(line);
}

TEST_CASE("config check finds what a log, a checkpoint or its hook would fail at later", "[threads]") {
  const ScanSite site;
  const std::string at = site.directory().path().string();
  const std::string file = site.directory().write("file", "#!/bin/sh\n").string();
  struct Case {
    const char* setting;
    std::string value, said;
  };
  const std::vector<Case> wrong = {
      {"FOREBAY_LOG_FILE", at, "it is a directory"},
      {"FOREBAY_LOG_FILE", file + "/log", "Not a directory"},
      {"FOREBAY_LOG_FILE", "/proc/forebay/log", "cannot be made in /proc"},
      {"MEMORY_DB_CHECKPOINT_DIR", file, "not a directory"},
      {"MEMORY_DB_CHECKPOINT_DIR", file + "/below", "Not a directory"},
      {"MEMORY_DB_CHECKPOINT_DIR", "/proc/forebay", "cannot be made in /proc"},
      {"MEMORY_DB_CHECKPOINT_HOOK", at + "/none", "No such file or directory"},
      {"MEMORY_DB_CHECKPOINT_HOOK", at, "it is not a file"},
      {"MEMORY_DB_CHECKPOINT_HOOK", file, "chmod +x"},
  };
  for (const Case& c : wrong) {
    const auto check = check_with(site, c.setting, c.value);
    CAPTURE(c.setting, c.value, check.out);
    CHECK(check.status == 2);
    CHECK(says(findings_of(check, "problem"), std::string(c.setting) + ": " + c.value + ": "));
    CHECK(says(findings_of(check, "problem"), c.said));
  }
  const ScanSite well({}, {{"FOREBAY_LOG_FILE", at + "/made/by/the/run.log"},
                           {"MEMORY_DB_CHECKPOINT_DIR", at + "/checkpoints/below"},
                           {"MEMORY_DB_CHECKPOINT_HOOK", file}});
  fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
  const auto check = well.run({"config", "check"});
  CAPTURE(check.out);
  CHECK(check.status == 0);
  CHECK_FALSE(fs::exists(at + "/made"));
  CHECK_FALSE(fs::exists(at + "/checkpoints"));
}

TEST_CASE("config check says why the system would not run a hook", "[threads]") {
  const ScanSite site;
  const auto script = [&](const std::string& name, const std::string& content) {
    const fs::path file = site.directory().write(name, content);
    fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
    return file.string();
  };
  const std::map<std::string, std::string> wrong = {
      {script("plain", "cp \"$1\" /srv\n"), "without a #! line"},
      {script("gone", "#!/opt/none/bash -e\n"),
       "names /opt/none/bash, which cannot be run (No such file or directory)"},
      {script("windows", "#!/bin/sh\r\nexit 0\r\n"), "ends with a carriage return"},
      {"true", "PATH is not searched"},
      {"/bin/cp -v", "arguments are not taken"}};
  for (const auto& [hook, why] : wrong) {
    const auto check = check_with(site, "MEMORY_DB_CHECKPOINT_HOOK", hook);
    CAPTURE(hook, check.out);
    CHECK(check.status == 2);
    CHECK(says(findings_of(check, "problem"), why));
  }
  for (const std::string& hook : {std::string("/bin/true"), script("well", "#! /bin/sh -e\nexit 0\n")}) {
    const auto check = check_with(site, "MEMORY_DB_CHECKPOINT_HOOK", hook);
    CAPTURE(hook, check.out);
    CHECK(check.status == 0);
  }
}

TEST_CASE("a scan that would write checkpoints is refused where it cannot, before the first row", "[threads]") {
  const Tree tree;
  ScanSite site;
  const std::string file = site.directory().write("file", "x").string();
  site.set("MEMORY_DB_CHECKPOINT_DIR", file);
  CHECK(site.run({"scan", tree.path()}).status == 0);  // makes none
  const auto [setting, value] =
      GENERATE(std::pair("MEMORY_DB_CHECKPOINT_INTERVAL", "60"), std::pair("MEMORY_DB_DURABILITY", "memory"));
  site.set(setting, value);
  const auto refused = site.run({"scan", tree.path()});
  CAPTURE(setting, refused.err);
  CHECK(refused.status == 2);
  CHECK(says(refused.err, "MEMORY_DB_CHECKPOINT_DIR: " + file + ": it is not a directory"));
  CHECK(site.buffers_left() == 0);
  site.set("MEMORY_DB_CHECKPOINT_DIR", site.directory().path().string() + "/folder");  // as advised
  CHECK(site.run({"scan", tree.path()}).status == 0);
}

TEST_CASE("a port and a service file that libpq's variables name wrongly are told by those names", "[threads]") {
  const ScanSite site("postgresql://nobody@127.0.0.1/nobody", {{"SYNC_CONNECT_TIMEOUT", "1"}});
  const auto port = check_with(site, "PGPORT", "abc");
  CAPTURE(port.out);
  CHECK(port.status == 2);
  CHECK(says(findings_of(port, "problem"), "PGPORT is not a number from 1 to 65535"));
  ScanSite service("postgresql:///");
  service.set("PGSERVICE", "backup");
  const std::string file = service.directory().path().string() + "/services";
  const auto missing = check_with(service, "PGSERVICEFILE", file);
  CAPTURE(missing.out);
  CHECK(missing.status == 2);
  CHECK(says(findings_of(missing, "problem"), "PGSERVICEFILE: " + file + ": No such file or directory"));
  service.directory().write("services", "[backup]\nhost=127.0.0.1\nport=1\n");
  CHECK(check_with(service, "PGSERVICEFILE", file).status == 3);  // only the server is missing
}

TEST_CASE("a catalog in a folder that is not there is a problem of config check, and its advice helps", "[threads]") {
  const ScanSite site;
  const std::string folder = site.directory().path().string() + "/none";
  const std::string url = "sqlite:" + folder + "/catalog.db";
  const auto check = check_with(site, "DATABASE_URL", url);
  CAPTURE(check.out);
  CHECK(check.status == 3);
  CHECK(says(findings_of(check, "problem"), "make its folder first (mkdir -p)"));
  fs::create_directory(folder);
  CHECK(check_with(site, "DATABASE_URL", url).status == 0);
}

TEST_CASE("what libpq would not expand, or not read as a number, is refused and not waited for", "[threads]") {
  const ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_CONNECT_TIMEOUT", "1"}});
  const std::string url = "postgresql://127.0.0.1:1/nobody?";
  struct Case {
    const char* variable;
    std::string value, said;
  };
  const std::vector<Case> wrong = {
      {"DATABASE_URL", url + "passfile=~/pass", "passfile begins with ~"},
      {"DATABASE_URL", url + "sslrootcert=~/root.crt", "sslrootcert begins with ~"},
      {"DATABASE_URL", url + "sslkey=%22/key%22", "sslkey begins or ends with a quote"},
      {"DATABASE_URL", url + "sslcert=$HOME/cert", "sslcert holds $NAME"},
      {"DATABASE_URL", url + "connect_timeout=abc", "connect_timeout is not a whole number"},
      {"DATABASE_URL", url + "keepalives_idle=10s", "keepalives_idle is not a whole number"},
      {"PGPASSFILE", "~/pass", "PGPASSFILE begins with ~"},
      {"PGSSLROOTCERT", "${HOME}/root.crt", "PGSSLROOTCERT holds ${…}"},
      {"PGSSLCERT", "'/cert'", "PGSSLCERT begins or ends with a quote"},
      {"PGSSLKEY", "~backup/key", "PGSSLKEY begins with ~"},
  };
  for (const Case& c : wrong) {
    const auto check = check_with(site, c.variable, c.value);
    CAPTURE(c.variable, c.value, check.out);
    CHECK(check.status == 2);
    CHECK(says(findings_of(check, "problem"), c.said));
  }
  const ScanSite service("postgresql:///?service=backup");
  CHECK(
      says(findings_of(check_with(service, "PGSERVICEFILE", "~/services"), "problem"), "PGSERVICEFILE begins with ~"));

  // As it stands where it is there, or without effect: only the server is missing then.
  const std::string odd = site.directory().write("'cert'", "x").string();
  for (const auto& [variable, value] : std::map<std::string, std::string>{
           {"PGSSLCERT", odd}, {"DATABASE_URL", url + "connect_timeout=5"}, {"PGSERVICEFILE", "~/services"}}) {
    CAPTURE(variable, value);
    CHECK(check_with(site, variable, value).status == 3);
  }
}

TEST_CASE("a setting of the login that the server refuses is no matter of tables", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  for (const std::string options : {"-c nosuch=1", "-c work_mem=abc", "-c shared_buffers=1"}) {
    const auto check = check_with(site, "PGOPTIONS", options);
    CAPTURE(options, check.out);
    CHECK(check.status == 3);
    CHECK(says(findings_of(check, "problem"),
               "fix what is set at login: options= in the destination's URL, or PGOPTIONS"));
    CHECK_FALSE(says(check.out, "a table was changed"));
  }
}

TEST_CASE("a statement_timeout of the role is not told as forebay's own limit", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.url());
  database.exec("ALTER ROLE " + database.role() + " SET statement_timeout = '1ms'");
  CommandResult check;
  // A query may be answered within a millisecond.
  for (int i = 0; i < 20 && !says(check.out, "57014"); ++i) check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(says(findings_of(check, "problem"), "and not by SYNC_STATEMENT_TIMEOUT: by a statement_timeout of the role"));
}

}  // namespace
}  // namespace forebay::test
