// `forebay scan` of real trees: what is at the destination is what find says.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <utility>

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

TEST_CASE("what a scan brings into PostgreSQL is what find says, and a second scan of the set adds no row",
          "[postgres]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const std::string root = "/usr/include";
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

TEST_CASE("a rescan sees ten changed and ten new files, and leaves what the copier wrote", "[postgres]") {
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

TEST_CASE("with no server and no settings a scan goes into a catalog, says so and where, and can be repeated") {
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

TEST_CASE("a state directory and a catalog inside the tree are left out of it") {
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
  for (const char* name :
       {"new\nline", "tab\there", "back\\slash", "\\N", "\\.", "quo\"te's", "not-\xff\xfe-utf8", "%41", "caf\xc3\xa9",
        "overlong-\xc0\xaf", "half-\xe2\x82", " ", "-rf", "\x01\x7f\x1b[31m", "$x`y`", "a,b;c", "{NULL}"}) {
    tree.file(name, name);
    tree.file("in/" + std::string(name) + "/it", "x");
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

TEST_CASE("odd names and long paths come back byte for byte from PostgreSQL", "[postgres]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const Tree tree;
  make_odd_names(tree);
  const auto summary = summary_of(site.run({"scan", tree.path(), "--json"}));
  check_same(landed_in(fixture, summary.at("backup_set_id").get<std::int64_t>()), found_under(tree.path()));
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE length(full_path) > 4000") == "2");
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE forebay_name_bytes(file_name) = "
                    "'not-\\377\\376-utf8'::bytea") == "2");
}

TEST_CASE("odd names and long paths come back byte for byte from the catalog") {
  const ScanSite site;
  const Tree tree;
  make_odd_names(tree);
  const auto summary = summary_of(site.run({"scan", tree.path(), "--json"}));
  check_same(landed_in_catalog(site.catalog(), summary.at("backup_set_id").get<std::int64_t>()),
             found_under(tree.path()));
}

}  // namespace
}  // namespace forebay::test
