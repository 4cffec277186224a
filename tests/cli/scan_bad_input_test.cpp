// What cannot be: a clear line, the exit status, and nothing lost.

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE("a scan of what is no directory ends with 2, names it, and makes nothing", "[threads]") {
  const ScanSite site;
  const Tree tree;
  tree.file("plain");
  for (const char* name : {"not-there", "plain"}) {
    CAPTURE(name);
    const auto result = site.run({"scan", tree / name});
    CHECK(result.status == 2);
    CHECK(says(result.err, tree / name));
  }
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("destinations that cannot be are refused with 2, without their password", "[threads]") {
  const Tree tree;
  for (const char* url :
       {"mysql://u:canary@h/db", "opengauss://u:canary@h:port/db", "postgresql://u:canary@h:port/db"}) {
    CAPTURE(url);
    const ScanSite site;
    const auto result = site.run({"scan", tree.path(), "--to", url});
    CAPTURE(result.err);
    CHECK(result.status == 2);
    CHECK_FALSE(result.err.empty());
    CHECK_FALSE(says(result.err + result.out, "canary"));
    CHECK_FALSE(says(result.err, "destination named by"));
  }
}

TEST_CASE("a server that refuses the connection is told in one line that reads well, after what named it",
          "[threads]") {
  const Tree tree;
  const ScanSite site("", {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const auto result = site.run({"scan", tree.path(), "--to", "postgresql://127.0.0.1:1/nobody"});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(says(result.err, "destination named by --to"));
  CHECK(says(result.err, "connections?); destination is down, buffering continues"));
  CHECK_FALSE(says(result.err, "?;"));
}

TEST_CASE(
    "an @ in a password that is not written as %40 is refused by every command, and no part of it is shown or kept",
    "[threads]") {
  const Tree tree;
  for (const char* url : {"postgresql://u:can@arytail@127.0.0.1:1/db", "postgres://u:a@can@arytail@h",
                          "postgresql://u:can@arytail@h?sslmode=disable", "postgresql://u:can@h?arytail=x@127.0.0.1/db",
                          "postgresql://u:can@h/arytail@127.0.0.1/db"}) {
    CAPTURE(url);
    const ScanSite by_option;
    const ScanSite by_variable(url);
    const ScanSite by_file;
    by_file.directory().write(".env", "DATABASE_URL='" + std::string(url) + "'\n");
    const std::vector<std::vector<std::string>> lines = {
        {"scan", tree.path()}, {"recover"}, {"migrate", "status"}, {"migrate", "up"}};
    const auto refused = [&](const ScanSite& site, const std::vector<std::string>& arguments) {
      CAPTURE(arguments);
      const auto result = site.run(arguments);
      CAPTURE(result.err, result.out);
      CHECK(result.status == 2);
      CHECK(says(result.err + result.out, "%"));
      CHECK_FALSE(says(result.err + result.out, "arytail"));
      CHECK_FALSE(says(result.err + result.out, ":can"));
    };
    for (auto line : lines) {
      refused(by_variable, line);
      refused(by_file, line);
      line.insert(line.end(), {"--to", url});
      refused(by_option, line);
    }
    refused(by_variable, {"config", "check"});
    for (const char* command : {"status", "errors"}) {
      const auto shown = by_variable.run({command});
      CHECK_FALSE(says(shown.err + shown.out, "arytail"));
    }
    const auto settings = by_variable.run({"config", "show"});
    CHECK_FALSE(says(settings.err + settings.out, "arytail"));
    CHECK(by_option.buffers_left() == 0);
    CHECK(by_variable.buffers_left() == 0);
  }
}

TEST_CASE("a user's @ in a URL's parameter is let through", "[threads]") {
  const ScanSite site("postgresql://127.0.0.1:1/db?user=me@there&connect_timeout=1");
  const auto result = site.run({"migrate", "status"});
  CAPTURE(result.err);
  CHECK(result.status == 3);  // away, not refused
  CHECK(says(result.err, "cannot connect to postgresql://me@there@127.0.0.1:1/db"));
}

TEST_CASE("an empty --to is refused, not passed over for another destination", "[threads]") {
  const ScanSite site;
  const Tree tree;
  for (const auto& line : std::vector<std::vector<std::string>>{
           {"scan", tree.path()}, {"recover"}, {"restore", "some.db"}, {"migrate", "status"}}) {
    CAPTURE(line);
    auto arguments = line;
    arguments.insert(arguments.end(), {"--to", ""});
    const auto result = site.run(arguments);
    CHECK(result.status == 2);
    CHECK(says(result.err, "--to: must name a destination, not be empty"));
  }
  CHECK_FALSE(std::filesystem::exists(site.state()));
}

TEST_CASE("a state directory that others could tamper with is refused with 2", "[threads]") {
  const Tree tree;
  const ScanSite site;
  std::filesystem::create_directory(site.state());
  SECTION("others may write to it") { REQUIRE(::chmod(site.state().c_str(), 0777) == 0); }
  SECTION("a file") {
    std::filesystem::remove(site.state());
    site.directory().write("state", "");
  }
  SECTION("another user's") {
    if (!is_root()) {
      WARN("skipped: only root can give a directory away");
      return;
    }
    REQUIRE(::chown(site.state().c_str(), 65534, 65534) == 0);
  }
  const auto result = site.run({"scan", tree.path()});
  CHECK(result.status == 2);
  CHECK(says(result.err, "state directory " + site.state() + ": "));
  CHECK((says(result.err, "others may write to it; chmod 700 it") || says(result.err, "it is not a directory") ||
         says(result.err, "it belongs to another user")));
}

TEST_CASE("a database that is missing ends a scan with 3, and recover lands the rows once it is made",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string database = fixture.schema() + "_db";
  const ScanSite site(database_url_with("dbname=" + database), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 1500);
  const auto result = site.run({"scan", tree.path()});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(says(result.err, database));
  CHECK(says(result.err, "forebay recover"));
  fixture.exec("CREATE DATABASE " + database);
  const auto recovered = site.run({"recover"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  CHECK(says(recovered.out, "recovered 1,5"));
  fixture.exec("DROP DATABASE " + database + " WITH (FORCE)");
}

TEST_CASE("a server that is not UTF8, and a table whose columns do not fit, keep the rows and say why",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string database = fixture.schema() + "_ascii";
  const Tree tree;
  tree.file("a");
  fixture.exec("CREATE DATABASE " + database + " ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
  const ScanSite ascii(database_url_with("dbname=" + database), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const auto wrong_encoding = ascii.run({"scan", tree.path()});
  CHECK(wrong_encoding.status == 3);
  CHECK(says(wrong_encoding.err, "UTF8"));
  fixture.exec("DROP DATABASE " + database + " WITH (FORCE)");

  fixture.exec("CREATE TABLE backup_files (backup_set_id bigint NOT NULL, file_path text NOT NULL, file_size text)");
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const auto wrong_column = site.run({"scan", tree.path()});
  CAPTURE(wrong_column.err);
  CHECK(wrong_column.status == 3);
  CHECK(says(wrong_column.err, "table backup_files is there, and forebay did not make it"));
  CHECK(says(site.run({"migrate", "up"}).err, "\"file_size\" is text and should be bigint"));
  fixture.exec("DROP TABLE backup_files");
  CHECK(site.run({"recover"}).status == 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "2");
}

}  // namespace
}  // namespace forebay::test
