// Files that `forebay restore` refuses: a reason is given, nothing is sent, nothing is run, nothing is made (FAULTS.md
// rows 20, 21 and 24, by the command).

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "checkpoint/folder.hpp"
#include "sqlite/statement.hpp"
#include "support/restore_files.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// A good checkpoint and a site; whatever is restored together with a bad file must not be sent either.
struct RefusingSite {
  TemporaryDirectory dir;
  std::string good = CheckpointMaker(dir / "checkpoints", "good").segment(backup_files_stream()).files(20, 1).finish();
  ScanSite site{"sqlite:" + (dir / "catalog.db").string()};

  /// The message.
  std::string refused(const std::string& file, int status = 4) const {
    std::string said;
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"restore", good, file}, {"restore", file, "--dry-run"}}) {
      const auto result = site.run(arguments);
      CAPTURE(file, result.err);
      CHECK(result.status == status);
      CHECK(result.out.empty());
      CHECK(says(result.err, "nothing was sent"));
      CHECK_FALSE(fs::exists(dir / "catalog.db"));
      CHECK_FALSE(fs::exists(site.state()));
      said = result.err;
    }
    return said;
  }
};

void flip(const std::string& file, std::uintmax_t offset) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  f.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(f.get() ^ 0x20);
  f.seekp(static_cast<std::streamoff>(offset));
  f.put(byte);
}

std::uintmax_t offset_of(const std::string& file, const std::string& text) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  REQUIRE(bytes.find(text) != std::string::npos);
  return bytes.find(text);
}

TEST_CASE("a checkpoint that is cut or altered is refused, and an older good one of its buffer is named", "[threads]") {
  const RefusingSite at;
  const auto checkpoint = [&](int rows) {
    return CheckpointMaker(at.dir / "checkpoints", "b-7").segment(backup_files_stream()).files(rows, 1).finish();
  };
  const std::string older = checkpoint(100);
  const std::string damaged = checkpoint(200);
  SECTION("cut at its end") { fs::resize_file(damaged, fs::file_size(damaged) - 1); }
  SECTION("cut in half") { fs::resize_file(damaged, fs::file_size(damaged) / 2); }
  SECTION("empty") { fs::resize_file(damaged, 0); }
  SECTION("one bit of a row") { flip(damaged, offset_of(damaged, "/f/150") + 5); }
  SECTION("one bit of the header") { flip(damaged, 20); }
  const std::string said = at.refused(damaged);
  CHECK(says(said, damaged));
  CHECK(says(said, "an older good one of the same buffer is " + older));
  CHECK(at.site.run({"restore", older}).status == 0);
}

TEST_CASE("for a damaged checkpoint whose name has the number 0, none is named as older", "[threads]") {
  const RefusingSite at;
  const std::string good =
      CheckpointMaker(at.dir / "checkpoints", "b-7").segment(backup_files_stream()).files(5, 1).finish();
  const std::string damaged = (at.dir / "checkpoints" / checkpoint_name("b-7", 0, 0)).string();
  fs::copy_file(good, damaged);
  fs::resize_file(damaged, fs::file_size(damaged) / 2);
  CHECK_FALSE(says(at.refused(damaged), "older good one"));
}

TEST_CASE("a checkpoint of a newer format is refused with what to do, and kept", "[threads]") {
  const RefusingSite at;
  const std::string file =
      CheckpointMaker(at.dir / "checkpoints", "b-7").segment(backup_files_stream()).files(5, 1).finish();
  SqliteConnection(file).exec("PRAGMA user_version = 99");
  CHECK(says(at.refused(file), "99"));
  CHECK(fs::exists(file));
}

TEST_CASE("what is no checkpoint is refused with what it is", "[threads]") {
  const RefusingSite at;
  CHECK(says(at.refused((at.dir / "missing.db").string()), "missing.db"));
  CHECK(says(at.refused(at.dir.write("notes.txt", "DROP TABLE backup_files;\n").string()), "notes.txt"));
  CHECK(says(at.refused(at.dir.path().string()), at.dir.path().string()));
  const std::string other = (at.dir / "other.db").string();
  {
    SqliteConnection db(other);
    db.exec("CREATE TABLE backup_files (file_path TEXT); INSERT INTO backup_files VALUES ('/a')");
  }
  CHECK(says(at.refused(other), "other.db"));
  const std::string link = (at.dir / "link.db").string();
  fs::create_symlink(at.good, link);
  CHECK(says(at.refused(link), "link.db"));
}

TEST_CASE("a checkpoint with triggers, views or tables of someone else's is refused, and nothing in it is run",
          "[threads]") {
  const RefusingSite at;
  const std::string crafted =
      CheckpointMaker(at.dir / "checkpoints", "b-7").segment(backup_files_stream()).files(5, 1).finish();
  const std::string made = (at.dir / "made.db").string();
  const std::string sql =
      GENERATE_COPY(std::string("CREATE VIEW evil AS SELECT writefile('" + made + "', 'x')"),
                    std::string("CREATE TABLE evil (x, y DEFAULT (load_extension('" + made + "')))"),
                    std::string("CREATE TRIGGER evil AFTER INSERT ON sqlite_master BEGIN SELECT 1; END"),
                    std::string("CREATE VIRTUAL TABLE evil USING fts5(x)"));
  CAPTURE(sql);
  {
    SqliteConnection db(crafted);
    try {
      db.exec(sql);
    } catch (const Error&) {  // no such module, no trigger on a system table: then by hand
      db.exec("PRAGMA writable_schema = ON");
      SqliteStatement insert(db, "INSERT INTO sqlite_schema VALUES ('table', 'evil', 'evil', 0, ?1)");
      insert.bind_text(1, sql);
      insert.run();
    }
  }
  at.refused(crafted);
  CHECK_FALSE(fs::exists(made));
}

TEST_CASE("a checkpoint whose stream names a table of forebay's or the server's own is refused", "[threads]") {
  const RefusingSite at;
  Stream stream = measurements();
  stream.table = GENERATE("sync_batches", "public.Sync_Batches", "forebay_migrations", "pg_catalog.pg_class",
                          "sqlite_master", "information_schema.tables");
  const std::string file =
      CheckpointMaker(at.dir / "checkpoints", "b-7").segment(stream).measurement(1, "t1", 1).finish();
  CHECK(says(at.refused(file), stream.table + "' is not one for rows"));
}

TEST_CASE("a built-in stream with another table, key or column than this release knows is refused", "[threads]") {
  const RefusingSite at;
  Stream stream = backup_sets_stream();
  std::string why;
  SECTION("table") {
    stream.table = "secrets";
    why = "its table is 'secrets', not backup_sets";
  }
  SECTION("version column") {
    stream.version_column = "other_version";
    why = "its key or version column";
  }
  SECTION("a column that only a newer release has") {
    stream.columns[2].name = "colour";
    why = "no such column 'colour'; use a newer one";
  }
  SECTION("a column of another type") {
    stream.columns[2].type = ColumnType::bytes;
    why = "no such column 'root'";
  }
  CheckpointMaker maker(at.dir / "checkpoints", "b-7");
  const std::vector<Value> row = {Value::integer(1),
                                  Value::text("n"),
                                  stream.columns[2].type == ColumnType::bytes ? Value::bytes("r") : Value::text("r"),
                                  Value::text("h"),
                                  Value::timestamp(1),
                                  Value()};
  const std::string file = maker.segment(stream).row(1, row).finish();
  CHECK(says(at.refused(file), why));
}

TEST_CASE("names that look like SQL are names", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.destination()->migrate_up();
  const TemporaryDirectory dir;
  Stream stream;
  stream.name = "x'; DROP TABLE backup_files; --";
  stream.table = "t\"; DROP TABLE backup_files; --";
  stream.columns = {{"k\"); DROP TABLE backup_sets; --", ColumnType::text, true}, {"$1", ColumnType::text}};
  stream.key = {stream.columns[0].name};
  stream.version_column = "v\" = 1; --";
  const std::vector<Value> row = {Value::text("'); DROP TABLE backup_sets; --"), Value::text("$2")};
  const std::string file = CheckpointMaker(dir / "checkpoints").segment(stream).row(5, row).finish();
  const ScanSite site(fixture.url());
  for (const char* mode : {"--dry-run", "--json", "--dry-run"}) {
    const auto result = site.run({"restore", file, mode});
    CAPTURE(result.err);
    CHECK(result.status == 0);
  }
  CHECK(fixture.query("SELECT * FROM \"t\"\"; DROP TABLE backup_files; --\"") ==
        Rows{{"'); DROP TABLE backup_sets; --", "$2", "5"}});
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "0");
  CHECK(fixture.one("SELECT count(*) FROM backup_sets") == "0");
}

}  // namespace
}  // namespace forebay::test
