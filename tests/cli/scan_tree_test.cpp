// `forebay scan` of real trees: what is at the destination is what find says.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <utility>

#include "sqlite/statement.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

std::int64_t sum_of(const std::map<std::string, std::int64_t>& entries) {
  std::int64_t sum = 0;
  for (const auto& [path, size] : entries) sum += size;
  return sum;
}

/// A million-row comparison by CHECK(a == b) would print both.
void check_same(const std::map<std::string, std::int64_t>& landed, const std::map<std::string, std::int64_t>& found) {
  CHECK(landed.size() == found.size());
  CHECK(sum_of(landed) == sum_of(found));
  CHECK(std::equal(landed.begin(), landed.end(), found.begin(), found.end()));
}

void check_two_scans(const std::string& root) {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const auto first = summary_of(site.run({"scan", root, "--set", "twice", "--json"}));
  const auto found = found_under(root);
  const auto set = first.at("backup_set_id").get<std::int64_t>();
  check_same(landed_in(fixture, set), found);
  CHECK(first.at("scanned") == found.size());
  CHECK(first.at("synced") == found.size());
  CHECK(first.at("total_bytes") == sum_of(found));

  fixture.exec("CREATE TABLE before AS SELECT file_path, sync_version FROM backup_files");
  const auto second = summary_of(site.run({"scan", root, "--set", "twice", "--json"}));
  CHECK(second.at("backup_set_id") == set);
  CHECK(second.at("synced") == found.size());
  check_same(landed_in(fixture, set), found);
  CHECK(fixture.one("SELECT count(*) FROM backup_files JOIN before USING (file_path) "
                    "WHERE backup_files.sync_version > before.sync_version") == std::to_string(found.size()));
  CHECK(fixture.one("SELECT count(*) FROM backup_sets") == "1");
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("what a scan brings into PostgreSQL is what find says, and a second scan of the set adds no row",
          "[postgres][threads]") {
  check_two_scans("/usr/include");
}

// For scripts/postgres-versions.sh.
TEST_CASE("what a scan of /usr brings into PostgreSQL is what find says, and a second scan adds no row",
          "[.usr-twice][postgres][threads]") {
  check_two_scans("/usr");
}

TEST_CASE("a rescan sees ten changed and ten new files, and leaves what the copier wrote", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const Tree tree;
  for (int i = 0; i < 200; ++i) tree.file("d" + std::to_string(i % 7) + "/f" + std::to_string(i), "old");
  const auto first = summary_of(site.run({"scan", tree.path(), "--set-id", "7", "--json"}));
  REQUIRE(first.at("backup_set_id") == 7);
  fixture.exec("UPDATE backup_files SET checksum = 'copied', is_copy_success = true");
  for (int i = 0; i < 10; ++i) {
    tree.file("d" + std::to_string(i % 7) + "/f" + std::to_string(i), "changed!");
    tree.file("new/g" + std::to_string(i), "new");
  }
  const auto second = summary_of(site.run({"scan", tree.path(), "--set-id", "7", "--json"}));
  CHECK(second.at("scanned") == first.at("scanned").get<int>() + 11);  // and their directory
  check_same(landed_in(fixture, 7), found_under(tree.path()));
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE file_size = 8 AND file_type = 'file'") == "10");
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE checksum IS NULL") == "11");
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE checksum = 'copied' AND is_copy_success") ==
        first.at("scanned").dump());
}

TEST_CASE("with no server and no settings a scan goes into a catalog, says so and where, and can be repeated",
          "[threads]") {
  const ScanSite site;
  const Tree tree;
  fill(tree, 3000);
  tree.file("one", "12345");
  const auto result = site.run({"scan", tree.path(), "--set", "home", "--json"});
  CHECK(says(result.err, "no server is named"));
  CHECK(says(result.err, site.catalog()));
  const auto first = summary_of(result);
  const auto set = first.at("backup_set_id").get<std::int64_t>();
  check_same(landed_in_catalog(site.catalog(), set), found_under(tree.path()));

  tree.file("one", "123456789");
  tree.file("two", "12");
  CHECK(site.run({"scan", tree.path(), "--set", "home", "--json"}).status == 0);
  check_same(landed_in_catalog(site.catalog(), set), found_under(tree.path()));
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("a state directory and a catalog inside the tree are left out of it", "[threads]") {
  ScanSite site;
  site.set("DATABASE_URL", "sqlite:" + (site.directory() / "my.db").string());
  site.directory().write("mine", "x");
  const auto summary = summary_of(site.run({"scan", site.directory().path().string(), "--json"}));
  const auto landed =
      landed_in_catalog((site.directory() / "my.db").string(), summary.at("backup_set_id").get<std::int64_t>());
  REQUIRE(landed.size() == 2);
  CHECK(landed.count((site.directory() / "mine").string()) == 1);
}

/// Names that break careless tools, and two long paths alike in their first 3,000 bytes.
void make_odd_names(const Tree& tree) {
  const std::vector<std::string> names = {"new\nline",
                                          "tab\there",
                                          "back\\slash",
                                          "\\N",
                                          "\\.",
                                          "\n\\.\n",
                                          "quo\"te's",
                                          "'); DROP TABLE backup_files; --",
                                          "not-\xff\xfe-utf8",
                                          "%41",
                                          "caf\xc3\xa9",
                                          "overlong-\xc0\xaf",
                                          "half-\xe2\x82",
                                          "surrogate-\xed\xa0\x80\xed\xb0\x80",
                                          "right-\xe2\x80\xae-to-left-\xe2\x80\x8f",
                                          "bom-\xef\xbb\xbf",
                                          " ",
                                          "-rf",
                                          "--",
                                          "\x01\x7f\x1b[31m",
                                          "\r",
                                          "$x`y`",
                                          "a,b;c",
                                          "{NULL}",
                                          "NULL",
                                          std::string(255, '\xff'),
                                          std::string(255, '"')};
  for (const std::string& name : names) {
    tree.file(name, name);
    tree.file("in/" + name + "/it", "x");
  }
  const std::string name(200, '0');
  int at = ::open(tree.path().c_str(), O_PATH | O_CLOEXEC);
  const auto enter = [&](const std::string& below, bool stay) {
    REQUIRE(::mkdirat(at, below.c_str(), 0755) == 0);
    const int inner = ::openat(at, below.c_str(), O_PATH | O_CLOEXEC);
    REQUIRE(inner >= 0);
    if (stay) return inner;
    ::close(std::exchange(at, inner));
    return -1;
  };
  for (int i = 0; i < 19; ++i) enter(name, false);
  for (const char* side : {"left", "right"}) {
    const int inner = enter(side, true);
    const int file = ::openat(inner, name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    REQUIRE(file >= 0);
    ::close(file);
    ::close(inner);
  }
  ::close(at);
}

TEMPLATE_TEST_CASE("odd names and long paths come back byte for byte from PostgreSQL, by each way into a table",
                   "[postgres][threads]", PostgresFixture, PostgresNoTempFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const Tree tree;
  make_odd_names(tree);
  const auto found = found_under(tree.path());
  // First by COPY; then every row is there, so it is a staging table, or arrays where the role may not make one.
  for (int time = 0; time < 2; ++time) {
    CAPTURE(time);
    CHECK(summary_of(site.run({"scan", tree.path(), "--set-id", "7", "--json"})).at("synced") == found.size());
    check_same(landed_in(fixture, 7), found);
    fixture.exec("UPDATE backup_files SET full_path = NULL, file_name = '', file_size = -1");
  }
  CHECK(summary_of(site.run({"scan", tree.path(), "--set-id", "7", "--json"})).at("synced") == found.size());
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE length(full_path) > 4000") == "2");
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE forebay_name_bytes(file_name) = "
                    "'not-\\377\\376-utf8'::bytea") == "2");
}

TEST_CASE("odd names and long paths come back byte for byte from the catalog", "[threads]") {
  const ScanSite site;
  const Tree tree;
  make_odd_names(tree);
  const auto found = found_under(tree.path());
  for (int time = 0; time < 2; ++time) {
    CHECK(summary_of(site.run({"scan", tree.path(), "--set-id", "7", "--json"})).at("synced") == found.size());
    check_same(landed_in_catalog(site.catalog(), 7), found);
  }
}

TEST_CASE("times before 1970 and after 2262 and a size of 8 EiB land as they are", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Tree tree(roomy());
  const auto touch = [&](const char* name, std::int64_t seconds, std::int64_t nanoseconds) {
    const timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    REQUIRE(::utimensat(AT_FDCWD, tree.file(name).c_str(), times, 0) == 0);
  };
  touch("1969", -1, 999'999'000);
  touch("1901", -2'147'483'648, 0);
  touch("2300", 10'413'792'000, 1'000);
  constexpr std::int64_t kLargest = 9'223'372'036'854'775'807;
  const bool huge = ::truncate(tree.file("sparse").c_str(), kLargest) == 0;
  if (!huge) WARN("no file system with files of 8 EiB: the size is left out");
  const ScanSite to_server(fixture.url());
  const ScanSite to_catalog;
  for (int time = 0; time < 2; ++time) {  // by COPY, then by staging
    REQUIRE(to_server.run({"scan", tree.path(), "--set-id", "7"}).status == 0);
    REQUIRE(to_catalog.run({"scan", tree.path(), "--set-id", "7"}).status == 0);
    const auto modified = [&](const std::string& name) {
      SqliteConnection db(to_catalog.catalog());
      SqliteStatement row(db, "SELECT modified_time, file_size FROM backup_files WHERE file_name = '" + name + "'");
      REQUIRE(row.step());
      const auto found = fixture.query("SELECT " + fixture.as_microseconds("modified_time") +
                                       ", file_size FROM backup_files WHERE file_name = '" + name + "'");
      CHECK(found.at(0) == std::vector<std::string>{std::string(row.column_text(0)), std::string(row.column_text(1))});
      return found.at(0);
    };
    CHECK(modified("1969").at(0) == "-1");
    CHECK(modified("1901").at(0) == "-2147483648000000");
    CHECK(modified("2300").at(0) == "10413792000000001");
    if (huge) CHECK(modified("sparse").at(1) == std::to_string(kLargest));
  }
}

}  // namespace
}  // namespace forebay::test
