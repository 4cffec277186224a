// Tables that were there before forebay, above all those of the system that it replaces: what config check says
// beforehand, migrate up does, and what is said to mend them is run.

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sqlite/statement.hpp"
#include "support/file_bytes.hpp"
#include "support/old_tables.hpp"
#include "support/own_database.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

CommandResult runs(const ScanSite& site, const std::vector<std::string>& arguments, int status) {
  const auto result = site.run(arguments);
  CAPTURE(arguments, result.out, result.err);
  CHECK(result.status == status);
  return result;
}

/// What it finds that is not well at the destination, with its verdict before it.
std::string config_check(const ScanSite& site, int status) {
  const auto said = nlohmann::json::parse(runs(site, {"config", "check", "--json"}, status).out);
  std::string messages;
  for (const auto& f : said.at("findings")) {
    if (f.at("verdict") == "ok" || f.at("subject") == "settings") continue;
    messages += f.at("verdict").get<std::string>() + " " + f.at("message").get<std::string>() + "\n";
  }
  return messages;
}

/// What stands in a message between the two.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const auto from = text.find(begin);
  if (from == std::string::npos) return {};
  return text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}

/// Every column, index and constraint of the two tables, and all tables.
Rows shape(PostgresFixture& fixture) {
  return fixture.query(
      "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull::text FROM pg_attribute "
      "WHERE attrelid IN ('backup_files'::regclass, 'backup_sets'::regclass) AND attnum > 0 AND NOT attisdropped "
      "UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = current_schema() UNION "
      "ALL SELECT tablename, '', '', '' FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1, 2, 3");
}

std::string column(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) text += row.at(0) + "\n";
  return text;
}

void make_old_tables(PostgresFixture& fixture, const Tree& tree) {
  tree.file("again");
  tree.file("copied");
  tree.file("new");
  tree.directory("sub");
  fixture.exec(kOldTables);
  fixture.exec(old_row(1, tree.path() + "/again", 77));
  fixture.exec(old_row(1, tree.path() + "/copied", 77, "true"));
  fixture.exec(old_row(1, tree.path() + "/gone", 77));
  fixture.exec(old_row(2, tree.path() + "/again", 77));
}

/// Adopts them by the command, scans twice, and reads as that system's readers do.
void adopt_and_scan(PostgresFixture& fixture, const std::string& url, const Tree& tree) {
  const ScanSite site(url, {{"SYNC_DRAIN_TIMEOUT", "5"}});
  const Rows before = shape(fixture);
  const std::string said = config_check(site, 3);
  CAPTURE(said);
  CHECK(says(said, "problem 6 of 6 migrations are still to be applied: by `forebay migrate up`"));
  CHECK(says(said,
             "\"backup_files\" is there already; `forebay migrate up` adopts it: 3 columns are added and the "
             "unique key backup_files_key, what is there stays"));
  CHECK(says(said, "\"backup_sets\" is there already; `forebay migrate up` adopts it: 6 columns are added, what"));
  CHECK(says(said, "scan into one with --set-id and its number"));
  CHECK(shape(fixture) == before);

  const auto up = runs(site, {"migrate", "up"}, 0);
  CHECK(says(up.out, "adopted: 3 columns added, its unique key backup_files_key was created"));
  CHECK(says(up.out, "adopted: 6 columns added, its unique key is kept"));
  CHECK(config_check(site, 0).empty());
  CHECK(says(runs(site, {"migrate", "up"}, 0).out, "nothing to do"));

  const auto sets = [&] {
    return fixture.query(
        "SELECT id, set_id, set_name, backup_group, status, backup_type, backup_time FROM backup_sets ORDER BY id");
  };
  const Rows sets_before = sets();
  for (int time = 0; time < 2; ++time) {
    CHECK(adds_up(summary_of(runs(site, {"scan", tree.path(), "--set-id", "1", "--json"}, 0))));
  }
  auto expected = found_under(tree.path());
  expected[tree.path() + "/gone"] = 77;
  CHECK(landed_in(fixture, 1) == expected);
  CHECK(fixture.one("SELECT file_size FROM backup_files WHERE backup_set_id = 2") == "77");
  CHECK(sets() == sets_before);
  CHECK(fixture.query("SELECT id, name, finished_at > started_at FROM backup_sets ORDER BY id") ==
        Rows{{"1", "set 1", "t"}, {"2", kNull, kNull}});

  // By id: those that were there first, then what is new, in the order of paths. What was copied stays so.
  CHECK(column(fixture.query(old_readers_query(1))) ==
        tree.path() + "/again\n" + tree.path() + "/gone\n" + tree.path() + "/new\n");
  CHECK(fixture.one("SELECT version || tags::text FROM backup_files WHERE backup_set_id = 1 AND file_name = 'again'") ==
        "1{\"status\": \"scanned\"}");
}

/// The statements of docs/adopting.md in its SQL blocks, the one with this text.
std::string documented(const std::string& part) {
  const std::string text = bytes_of(source_directory() + "/docs/adopting.md");
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  const auto begin = text.rfind("```sql\n", at) + 7;
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST_CASE("the statements of docs/adopting.md do what it says", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kOldTables);
  const ScanSite site(fixture.url());
  runs(site, {"migrate", "up"}, 0);
  fixture.exec("UPDATE backup_sets SET id = 42 WHERE id = 1");
  const Tree tree;
  tree.file("a");
  tree.file("b");
  runs(site, {"scan", tree.path(), "--set-id", "42"}, 0);
  fixture.exec(
      "UPDATE backup_files SET is_copy_success = true, copy_status_at = modified_time WHERE backup_set_id = 42");
  tree.file("a", "changed");
  runs(site, {"scan", tree.path(), "--set-id", "42"}, 0);
  const std::string readers = documented("SELECT * FROM backup_files");
  CHECK(fixture.query(readers).empty());
  fixture.exec(documented("UPDATE backup_files SET is_copy_success = FALSE"));
  const Rows found = fixture.query(readers);
  REQUIRE(found.size() == 1);
  CHECK(std::count(found[0].begin(), found[0].end(), tree / "a") == 1);

  fixture.exec("SELECT setval('backup_files_id_seq', 2147483646)");
  fixture.exec(documented("ALTER COLUMN id TYPE bigint"));
  runs(site, {"scan", tree.path(), "--set-id", "2"}, 0);
  CHECK(fixture.one("SELECT max(id) > 2147483647 FROM backup_files") == "t");
}

TEST_CASE("the tables of the system before are adopted as they are, and its readers find what is scanned",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Tree tree;
  make_old_tables(fixture, tree);
  // Defaults may be the program's and not the server's.
  if (GENERATE(false, true)) {
    fixture.exec(
        "ALTER TABLE backup_files ALTER created_at DROP DEFAULT, ALTER updated_at DROP DEFAULT, ALTER version SET NOT "
        "NULL, ALTER is_copy_success SET NOT NULL; UPDATE backup_files SET compressed = false; ALTER TABLE "
        "backup_files ALTER compressed SET NOT NULL, ALTER modified_time TYPE timestamp; ALTER TABLE backup_sets ALTER "
        "created_at DROP DEFAULT, ALTER updated_at DROP DEFAULT");
  }
  adopt_and_scan(fixture, fixture.url(), tree);
}

TEST_CASE("the tables of the system before are adopted in an openGauss", "[postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss5A, kOpenGauss6PG, kDolphin6B));
  if (!fixture.available()) return;
  const Tree tree;
  make_old_tables(fixture, tree);
  adopt_and_scan(fixture, fixture.url(), tree);
}

/// The statement that config check gives is what migrate up gives; it is run, and both are content.
void resolve_duplicates(PostgresFixture& fixture, const std::string& url) {
  const ScanSite site(url);
  const Rows before = shape(fixture);
  const std::string said = config_check(site, 3);
  CAPTURE(said);
  const auto refused = runs(site, {"migrate", "up"}, 3);
  const std::string statement = between(said, "with is_copy_success: ", "; then `forebay migrate up`");
  CHECK(says(statement, "DELETE FROM "));
  CHECK(says(refused.err, statement));
  CHECK(says(said,
             "\"backup_files\" cannot be adopted: 12 keys (\"backup_set_id\", \"file_path\") stand there more "
             "than once: "));
  CHECK(says(said, "(1,\"/twice, 10\") ×2, "));
  CHECK(says(said, ", …. What keeps the newest row of each and deletes 13 others, 1 with is_copy_success: "));
  CHECK(shape(fixture) == before);

  fixture.exec(statement);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "13");
  CHECK(fixture.one("SELECT min(file_size) FROM backup_files WHERE file_path LIKE '/twice%'") == "2");
  CHECK(fixture.one("SELECT file_size FROM backup_files WHERE file_path = '/twice, 7' AND backup_set_id = 1") == "5");
  CHECK_FALSE(says(config_check(site, 3), "cannot be adopted"));
  CHECK(says(runs(site, {"migrate", "up"}, 0).out, "its unique key backup_files_key was created"));
}

void make_duplicates(PostgresFixture& fixture) {
  for (int size = 1; size <= 2; ++size) {
    for (int i = 1; i <= 12; ++i) {
      fixture.exec(old_row(1, "/twice, " + std::to_string(i), size, size == 1 && i == 3 ? "true" : "false"));
    }
  }
  // The newest is the one of the highest version, and of these the one that came last.
  fixture.exec(old_row(1, "/twice, 7", 5));
  fixture.exec("UPDATE backup_files SET version = 2 WHERE file_size = 5");
  fixture.exec("UPDATE backup_files SET id = 0 WHERE file_size = 5");
  fixture.exec(old_row(2, "/twice, 7", 9));
}

TEST_CASE("rows of one path are listed with the statement that resolves them, and nothing is changed",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kOldTables);
  make_duplicates(fixture);
  // Without a key of their own, rows are told apart by where they lie.
  if (GENERATE(false, true)) fixture.exec("ALTER TABLE backup_files DROP CONSTRAINT backup_files_pkey");
  SECTION("all keys are whole") {}
  SECTION("rows without a path are no duplicates of each other") {
    fixture.exec("ALTER TABLE backup_files ALTER file_path DROP NOT NULL");
    fixture.exec(old_row(2, "/", 9));
    fixture.exec(old_row(2, "/", 9));
    fixture.exec("UPDATE backup_files SET file_path = NULL WHERE file_path = '/'");
    const ScanSite site(fixture.url());
    fixture.exec(between(config_check(site, 3), "with is_copy_success: ", "; then"));
    CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE file_path IS NULL") == "2");
    runs(site, {"migrate", "up"}, 0);
    return;
  }
  if (fixture.one("SELECT count(*) FROM pg_index WHERE indrelid = 'backup_files'::regclass AND indisprimary") == "0") {
    fixture.exec("DELETE FROM backup_files WHERE file_size = 5");
    fixture.exec(old_row(1, "/twice, 7", 5));
  }
  resolve_duplicates(fixture, fixture.url());
}

TEST_CASE("rows of one path are listed in an openGauss with the statement that resolves them", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  fixture.exec(kOldTables);
  make_duplicates(fixture);
  resolve_duplicates(fixture, fixture.url());
}

TEST_CASE("a set whose number the adopted tables do not know is refused before anything is started",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kOldTables);
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "2"}});
  runs(site, {"migrate", "up"}, 0);
  const Tree tree;
  tree.file("f");
  const auto refused = [&](const std::vector<std::string>& set, const std::string& why) {
    std::vector<std::string> arguments = {"scan", tree.path()};
    arguments.insert(arguments.end(), set.begin(), set.end());
    const auto result = runs(site, arguments, 2);
    CAPTURE(result.err);
    CHECK(says(result.err, why));
    CHECK(says(result.err, "scan into one that is there, with --set-id and its number"));
    CHECK(site.buffers_left() == 0);
  };
  refused({"--set-id", "9"}, "backup set 9 is not in table ");
  refused({"--set-id", "2147483648"}, "(integer) cannot hold, which ends at 2147483647; ");
  refused({"--set", "nightly"}, "without --set-id the number is made from the set's name");
  refused({}, "without --set-id the number is made from the set's name");
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "0");
  // A walk that sends nothing needs no set.
  runs(site, {"scan", tree.path(), "--set-id", "9", "--dry-run"}, 0);
}

TEST_CASE("rows of a set that its application has not made wait for it", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kOldTables);
  const bool linked = GENERATE(true, false);
  CAPTURE(linked);
  if (!linked) fixture.exec("ALTER TABLE backup_files DROP CONSTRAINT backup_files_backup_set_id_fkey");
  ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  runs(site, {"migrate", "up"}, 0);
  const Tree tree;
  fill(tree, 150);
  // Away when the scan began, so that nobody could be asked.
  runs(site, {"scan", tree.path(), "--set-id", "9", "--to", kNobody}, 3);
  site.set("SYNC_DRAIN_TIMEOUT", "4");  // a busy machine's server takes more than a second to refuse rows
  const auto recovered = runs(site, {"recover", "--to", fixture.url()}, linked ? 3 : 1);
  CAPTURE(recovered.err);
  CHECK(says(recovered.err, linked ? "violates foreign key constraint"
                                   : "has no row of this key, and only the application that it belongs to can make one "
                                     "(null value in column"));
  fixture.exec(
      "INSERT INTO backup_sets (id, set_id, set_name, backup_group, backup_type, backup_time) VALUES (9, 's-9', "
      "'ninth', '2026-01', 'full', now())");
  if (linked) {
    runs(site, {"recover", "--to", fixture.url()}, 0);
  } else {
    runs(site, {"retry-errors", "--to", fixture.url()}, 0);
  }
  CHECK(landed_in(fixture, 9) == found_under(tree.path()));
  CHECK(fixture.query("SELECT set_name, name, finished_at > started_at FROM backup_sets WHERE id = 9") ==
        Rows{{"ninth", "set 9", "t"}});
}

TEST_CASE("a type of file that an enum lacks goes to quarantine, and lands when it is given the label that is named",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  // Object mappers take the names of a program's constants, which are in capitals.
  const bool capitals = GENERATE(false, true);
  CAPTURE(capitals);
  std::string tables = kOldTables;
  const std::string labels = "('file', 'directory', 'symlink')";
  if (capitals) tables.replace(tables.find(labels), labels.size(), "('FILE', 'DIRECTORY', 'SYMLINK')");
  fixture.exec(tables);
  const Tree tree;
  tree.file("f");
  REQUIRE(::mkfifo((tree.path() + "/queue").c_str(), 0600) == 0);
  const ScanSite site(fixture.url());
  const auto up = runs(site, {"migrate", "up"}, 0);
  const std::string add = between(up.out, "If its readers can do with them, run: ", "\n");
  CHECK(says(up.out, capitals ? "without FIFO, SOCKET, BLOCK, CHAR: " : "without fifo, socket, block, char: "));

  const auto first = runs(site, {"scan", tree.path(), "--set-id", "1"}, 1);
  CHECK(says(first.err, "1 row is in quarantine"));
  CHECK(column(fixture.query("SELECT file_type || ' ' || file_name FROM backup_files ORDER BY file_path")) ==
        (capitals ? "DIRECTORY " : "directory ") + tree.path().substr(tree.path().rfind('/') + 1) +
            (capitals ? "\nFILE f\n" : "\nfile f\n"));
  for (std::string rest = add; !rest.empty();) {  // one by one: a label serves only after its commit
    const auto end = std::min(rest.find("; "), rest.size());
    fixture.exec(rest.substr(0, end));
    rest.erase(0, std::min(rest.size(), end + 2));
  }
  runs(site, {"retry-errors"}, 0);
  CHECK(landed_in(fixture, 1) == found_under(tree.path()));
  CHECK(config_check(site, 0).empty());
}

TEST_CASE("a table that cannot be adopted as it is names what mends it, and that does", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  fixture.exec(kOldTables);
  fixture.exec(old_row(1, "/there"));
  const auto [change, what] = GENERATE(table<std::string, std::string>(
      {{"ALTER TABLE backup_files ALTER id DROP DEFAULT; DROP SEQUENCE backup_files_id_seq",
        "column \"id\", which the stream does not fill, is NOT NULL and has no default"},
       {"ALTER TABLE backup_files ADD theirs text; UPDATE backup_files SET theirs = 'x'; ALTER TABLE backup_files "
        "ALTER "
        "theirs SET NOT NULL",
        "column \"theirs\", which the stream does not fill, is NOT NULL and has no default"},
       {"ALTER TABLE backup_files ALTER file_size TYPE text", "column \"file_size\" is text and should be bigint"},
       {"CREATE TYPE other AS ENUM ('x'); ALTER TABLE backup_files ALTER file_type TYPE other USING 'x'",
        "column \"file_type\" is the enum other, which has none of the types of files"}}));
  CAPTURE(change);
  fixture.exec(change);
  const auto refused = runs(site, {"migrate", "up"}, 3);
  CHECK(says(refused.err, what));
  CHECK(says(config_check(site, 3), what));
  const std::string mends = between(refused.err, "To fix it: ", "; then `forebay migrate up`");
  CAPTURE(mends);
  for (std::string rest = mends; !rest.empty();) {
    const auto end = std::min(rest.find("; "), rest.size());
    fixture.exec(rest.substr(0, end));
    rest.erase(0, std::min(rest.size(), end + 2));
  }
  runs(site, {"migrate", "up"}, 0);
  const Tree tree;
  tree.file("f");
  runs(site, {"scan", tree.path(), "--set-id", "1"}, 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE id > 1") == "2");
}

TEST_CASE("paths that are longer than forebay's keys are told, and those that no index takes name their rows",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  fixture.exec(kOldTables);
  const auto long_row = [&](int parts) {
    fixture.exec(
        "INSERT INTO backup_files (backup_set_id, file_path, file_name, file_type, file_size, backup_time) SELECT 1, "
        "string_agg(md5(i::text), ''), 'long', 'file', 1, now() FROM generate_series(1, " +
        std::to_string(parts) + ") i");
  };
  fixture.exec("DROP INDEX idx_backup_files_set_path");  // which would take no longer ones than a unique one
  long_row(300);                                         // of 32 characters that no compression shortens enough
  const std::string told = "1 row of table ";
  CHECK(says(config_check(site, 3), told));
  const auto refused = runs(site, {"migrate", "up"}, 3);
  CHECK(says(refused.err, "are too long for its index. They are among: SELECT * FROM "));
  const std::string among = between(refused.err, "among: SELECT *", ". Delete these rows");
  fixture.exec("DELETE" + among);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "0");

  long_row(70);  // an index takes it
  CHECK(says(runs(site, {"migrate", "up"}, 0).out, told));
}

TEST_CASE("tables of another role are adopted after it has run what is said", "[postgres][threads][field][field-09]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.exec(kOldTables);
  database.allow_create();
  const bool may_read = GENERATE(false, true);
  CAPTURE(may_read);
  database.exec(old_row(1, "/twice") + ";" + old_row(1, "/twice"));
  if (may_read) database.exec("GRANT SELECT ON backup_files, backup_sets TO " + database.role());
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "2"}});
  std::string said = config_check(site, 3);
  if (may_read) {  // else nobody but the owner can count them
    CHECK(says(said, "1 key (\"backup_set_id\", \"file_path\") stands there more than once"));
    database.exec(between(said, "deletes 1 other: ", "; then"));
    said = config_check(site, 3);
  } else {
    database.exec("DELETE FROM backup_files WHERE id = 1");
  }
  CHECK(says(said, "it belongs to role "));
  CHECK(says(said, ", and this is " + database.role() + ". Run `forebay migrate up` as "));
  CHECK(runs(site, {"migrate", "up"}, 3).err.find(said.substr(said.find("table "), 60)) != std::string::npos);
  for (auto from = said.find(" run: "); from != std::string::npos; from = said.find(" run: ", from + 1)) {
    database.exec(said.substr(from + 6, said.find("; then", from) - from - 6));
  }
  runs(site, {"migrate", "up"}, 0);

  const std::string lacks = config_check(site, 3);
  CHECK(says(lacks, "USAGE on sequence public.backup_files_id_seq"));
  database.exec(between(lacks, "the owner, run: ", "\n"));
  CHECK(config_check(site, 0).empty());
  const Tree tree;
  tree.file("f");
  runs(site, {"scan", tree.path(), "--set-id", "1"}, 0);
  CHECK(database.one("SELECT count(*) FROM backup_files") == "3");
}

TEST_CASE("an SQLite file of the system before is told not to be a catalog, and stays as it is", "[threads]") {
  const ScanSite here;
  const std::string file = (here.directory() / "old.db").string();
  const std::string table = "CREATE TABLE backup_files (id INTEGER PRIMARY KEY, file_path TEXT NOT NULL)";
  SqliteConnection(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).exec(table);
  const ScanSite site("sqlite:" + file);
  CHECK(says(config_check(site, 3), "is a SQLite database, but not a forebay catalog; name another file"));
  CHECK(says(runs(site, {"migrate", "up"}, 3).err, "not a forebay catalog"));
  SqliteConnection db(file, SQLITE_OPEN_READONLY);
  SqliteStatement all(db, "SELECT group_concat(sql) FROM sqlite_schema");
  all.step();
  CHECK(all.column_text(0) == table);
}

}  // namespace
}  // namespace forebay::test
