#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/sqlite_number.hpp"
#include "support/temporary_directory.hpp"

// What other programs do to a catalog's file while rows go into it.
namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// A catalog with one row in it, and a copy of it from before that row.
struct Catalog {
  explicit Catalog(const std::string& name = "kept/catalog.db") : file(directory / name) {
    fs::create_directory(directory / "kept");
    if (name == "link.db") fs::create_symlink(directory / "kept/catalog.db", file);
    if (name == "link.db") directory.write("kept/catalog.db", "");
    destination = make_destination("sqlite:" + file.string(), {});
    opens(*destination->make_sink({&stream}));
    fs::copy_file(file, directory / "older.db");
    sink = destination->make_sink({&stream});
    written(*sink, {row(1, "/a")});
  }
  BatchRange row(std::uint64_t segment, const char* path, bool maybe_sent = false) const {
    return RangeMaker(stream, "b", segment)
        .add(static_cast<std::int64_t>(segment), small_row(1, path))
        .range(maybe_sent);
  }
  std::int64_t rows_in(const fs::path& of) const { return sqlite_number(of, "SELECT count(*) FROM small_files"); }

  TemporaryDirectory directory;
  Stream stream = small_stream();
  fs::path file;
  std::unique_ptr<Destination> destination;
  std::unique_ptr<Sink> sink;
};

using Happening = void (*)(const Catalog&);

TEST_CASE("rows do not count in a catalog that was deleted, renamed or replaced, and go to the file of its name") {
  const auto& [what, name, happens, kept_in] = GENERATE(table<const char*, const char*, Happening, const char*>({
      {"deleted", "kept/catalog.db", [](const Catalog& c) { fs::remove(c.file); }, ""},
      {"deleted with its WAL", "kept/catalog.db",
       [](const Catalog& c) {
         for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(c.file.string() + suffix);
       },
       ""},
      {"renamed", "kept/catalog.db", [](const Catalog& c) { fs::rename(c.file, c.directory / "renamed.db"); },
       "renamed.db"},
      {"replaced by an older one", "kept/catalog.db",
       [](const Catalog& c) {
         fs::rename(c.file, c.directory / "renamed.db");
         fs::rename(c.directory / "older.db", c.file);
       },
       "renamed.db"},
      {"of a symlink that leads elsewhere", "link.db",
       [](const Catalog& c) {
         fs::remove(c.file);
         fs::create_symlink(c.directory / "older.db", c.file);
       },
       "kept/catalog.db"},
      {"in a folder that took another's place", "kept/catalog.db",
       [](const Catalog& c) {
         fs::rename(c.directory / "kept", c.directory / "moved");
         fs::create_directory(c.directory / "kept");
       },
       "moved/catalog.db"},
  }));
  CAPTURE(what);
  Catalog catalog(name);
  happens(catalog);
  CHECK(refused(*catalog.sink, {catalog.row(2, "/b")}).failure_class == FailureClass::another_server);
  CHECK(catalog.destination->server_changes() == 1);
  CHECK(catalog.sink->landed_rows("b", 1, 2).empty());

  catalog.sink->accept_server();
  written(*catalog.sink, {catalog.row(2, "/b")});
  CHECK(catalog.sink->landed_rows("b", 1, 2) == std::map<std::uint64_t, std::uint64_t>{{2, 1}});
  CHECK(catalog.rows_in(catalog.file) == 1);
  // What had landed is whole where it is now, also what only its WAL held.
  if (*kept_in != '\0') CHECK(catalog.rows_in(catalog.directory / kept_in) == 1);
}

TEST_CASE("a batch that is committed into a catalog's file of another name does not count") {
  Catalog catalog;
  catalog.sink->close();
  SqliteConnection(catalog.file.string())
      .exec(
          "CREATE TRIGGER judged BEFORE INSERT ON small_files WHEN NEW.size < 0 BEGIN SELECT RAISE(ABORT, 'no'); END");
  RangeMaker rows(catalog.stream, "b", 2);
  rows.add(2, small_row(1, "/b")).add(3, small_row(1, "/refused", -1));
  // Refused rows are kept between the last row and COMMIT.
  const KeepRefused rename = [&](const Batch&, const std::vector<RefusedRow>&) {
    fs::rename(catalog.file, catalog.directory / "renamed.db");
  };
  Batch batch(Reason::end, {rows.range()});
  const WriteOutcome outcome = catalog.sink->write(batch, rename);
  REQUIRE(std::holds_alternative<Failure>(outcome));
  CHECK(std::get<Failure>(outcome).failure_class == FailureClass::in_doubt);
  CHECK_THAT(std::get<Failure>(outcome).message, Catch::Contains("was deleted, renamed or replaced"));

  CHECK(refused(*catalog.sink, {catalog.row(2, "/b", true)}).failure_class == FailureClass::another_server);
  CHECK(catalog.sink->landed_rows("b", 1, 2).empty());
  catalog.sink->accept_server();
  CHECK(written(*catalog.sink, {catalog.row(2, "/b", true)}).ranges[0].synced == 1);
  CHECK(catalog.rows_in(catalog.file) == 1);
  CHECK(catalog.rows_in(catalog.directory / "renamed.db") == 2);
}

TEST_CASE("a catalog whose WAL is deleted keeps what had landed") {
  Catalog catalog;
  fs::remove(catalog.file.string() + "-wal");
  written(*catalog.sink, {catalog.row(2, "/b")});
  CHECK(catalog.destination->server_changes() == 0);
  CHECK(catalog.rows_in(catalog.file) == 2);
}

TEST_CASE("a catalog that is set back under its name is another one") {
  Catalog catalog;
  catalog.sink->close();
  fs::copy_file(catalog.directory / "older.db", catalog.file, fs::copy_options::overwrite_existing);
  CHECK(refused(*catalog.sink, {catalog.row(2, "/b")}).failure_class == FailureClass::another_server);
  CHECK(catalog.sink->landed_rows("b", 1, 2).empty());
}

TEST_CASE("a catalog whose folder is away, or in whose place something else is, takes rows when it is back") {
  const auto& [what, message, happens, ends] = GENERATE(table<const char*, const char*, Happening, Happening>({
      {"the folder is away", "cannot create the catalog",
       [](const Catalog& c) { fs::rename(c.directory / "kept", c.directory / "moved"); },
       [](const Catalog& c) { fs::rename(c.directory / "moved", c.directory / "kept"); }},
      {"a FIFO", "is a FIFO now; put the catalog back in its place",
       [](const Catalog& c) {
         fs::rename(c.file, c.directory / "renamed.db");
         REQUIRE(::mkfifo(c.file.c_str(), 0600) == 0);
       },
       [](const Catalog& c) { fs::rename(c.directory / "renamed.db", c.file); }},
      {"a directory", "is a directory now; put the catalog back in its place",
       [](const Catalog& c) {
         fs::rename(c.file, c.directory / "renamed.db");
         fs::create_directory(c.file);
       },
       [](const Catalog& c) {
         fs::remove(c.file);
         fs::rename(c.directory / "renamed.db", c.file);
       }},
      {"no database", "keep the file aside, and name another",
       [](const Catalog& c) {
         fs::rename(c.file, c.directory / "renamed.db");
         c.directory.write("kept/catalog.db", std::string(8'192, 'x'));
       },
       [](const Catalog& c) { fs::rename(c.directory / "renamed.db", c.file); }},
  }));
  CAPTURE(what);
  Catalog catalog;
  happens(catalog);
  const Failure failure = refused(*catalog.sink, {catalog.row(2, "/b")});
  CHECK(failure.failure_class == FailureClass::login_or_target);
  CHECK_THAT(failure.message, Catch::Contains(message));
  ends(catalog);
  written(*catalog.sink, {catalog.row(2, "/b")});
  CHECK(catalog.rows_in(catalog.file) == 2);
}

TEST_CASE("a catalog's relative name is of the working directory that it was given in") {
  const TemporaryDirectory directory;
  const TemporaryDirectory elsewhere;
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  const auto destination = make_destination("sqlite:catalog.db", {});
  fs::current_path(elsewhere.path());
  const Stream stream = small_stream();
  const auto sink = destination->make_sink({&stream});
  written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  fs::current_path(before);
  CHECK(fs::is_empty(elsewhere.path()));
  CHECK(sqlite_number(directory / "catalog.db", "SELECT count(*) FROM small_files") == 1);
}

TEST_CASE("a destination that no rows can stay in is refused as a URL") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (directory / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(listener);
  const std::string folder = directory.path().string();
  const auto& [given, why] = GENERATE(table<std::string, const char*>({
      {"sqlite::memory:", "a database in memory would end with the process"},
      {"sqlite:///:memory:", "a database in memory would end with the process"},
      {"sqlite:file::memory:", "file: URIs are not read"},
      {"sqlite:file:x.db?mode=memory", "file: URIs are not read"},
      {"sqlite:/tmp/x.db?mode=memory&cache=shared", "has parameters behind a question mark"},
      {"sqlite:x.db?vfs=memdb", "has parameters behind a question mark"},
      {"sqlite:", "must name a file after sqlite:"},
      {"sqlite:/tmp/", "names no file"},
      {"sqlite:/dev/null", "is a device, which holds no rows; name a file"},
      {"sqlite:@", "is a directory, which holds no rows; name a file"},
      {"sqlite:@/fifo", "is a FIFO, which holds no rows; name a file"},
      {"sqlite:@/socket", "is a socket, which holds no rows; name a file"},
  }));
  std::string url = given;
  if (url.starts_with("sqlite:@")) url.replace(7, 1, folder);
  CAPTURE(url);
  try {
    make_destination(url, {});
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::usage);
    CHECK_THAT(e.what(), Catch::Contains(why) && Catch::Contains("--to, or DATABASE_URL"));
  }
}

TEST_CASE("a catalog has the very name that follows sqlite:, whatever is in it") {
  const TemporaryDirectory directory;
  const std::string name =
      GENERATE("what?", "a?b=c", "50%25.db", "x.db#1", "file:x.db", ":memory:", "memory", "new\nline", "caf\xe9");
  CAPTURE(name);
  const Stream stream = small_stream();
  const auto sink = make_destination("sqlite:" + directory.path().string() + "/" + name, {})->make_sink({&stream});
  written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  sink->close();
  CHECK(fs::exists(directory / name));
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 1);
}

}  // namespace
}  // namespace forebay::test
