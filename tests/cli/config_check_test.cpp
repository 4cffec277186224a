#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sink/fixtures.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

/// Whether one of the findings has this verdict and subject, and the text in its message.
bool found(const CommandResult& result, const std::string& verdict, const std::string& subject,
           const std::string& text) {
  const auto said = nlohmann::json::parse(result.out);
  for (const auto& f : said.at("findings")) {
    if (f.at("verdict") == verdict && f.at("subject") == subject && says(f.at("message"), text)) return true;
  }
  return false;
}

TEST_CASE("config check without a server is content with a catalog that is still to be made, and makes nothing",
          "[threads]") {
  const TemporaryDirectory directory;
  const CommandResult result =
      run_forebay({"config", "check", "--json"}, {{"FOREBAY_STATE_DIR", (directory / "state").string()}});
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK(found(result, "ok", "settings", "1 set"));
  CHECK(found(result, "ok", "state directory", "will be made"));
  CHECK(found(result, "ok", "schema", "does not exist yet"));
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("migrate works on a catalog that is not there yet, and takes it back only with --yes", "[threads]") {
  const TemporaryDirectory directory;
  const std::map<std::string, std::string> environment = {{"FOREBAY_STATE_DIR", (directory / "deep/state").string()}};
  const CommandResult before = run_forebay({"migrate", "status"}, environment);
  CHECK(before.status == 0);
  CHECK(says(before.out, "does not exist yet"));
  CHECK(run_forebay({"migrate", "down"}, environment).status == 0);
  CHECK(std::filesystem::is_empty(directory.path()));

  const CommandResult up = run_forebay({"migrate", "up"}, environment);
  CAPTURE(up.err);
  CHECK(up.status == 0);
  CHECK(says(up.out, "backup_files applied"));
  CHECK(says(run_forebay({"migrate", "up"}, environment).out, "up to date"));
  CHECK(found(run_forebay({"config", "check", "--json"}, environment), "ok", "destination", "ready"));

  const CommandResult preview = run_forebay({"migrate", "down", "99"}, environment);
  CHECK(preview.status == 2);
  CHECK(says(preview.out, "table backup_files with 0 rows"));
  CHECK(says(preview.err, "nothing was dropped; say --yes"));
  const auto applied = [&] {
    int count = 0;
    const CommandResult status = run_forebay({"migrate", "status", "--json"}, environment);
    const auto said = nlohmann::json::parse(status.out);
    for (const auto& m : said.at("migrations")) count += m.at("applied").get<bool>() ? 1 : 0;
    return count;
  };
  CHECK(applied() > 0);
  CHECK(run_forebay({"migrate", "down", "99", "--yes"}, environment).status == 0);
  CHECK(applied() == 0);
}

TEST_CASE("a destination that is away ends config check and migrate with 3, a URL that cannot be with 2", "[threads]") {
  const TemporaryDirectory directory;
  const auto environment = [&](const std::string& url) {
    return std::map<std::string, std::string>{{"FOREBAY_STATE_DIR", (directory / "state").string()},
                                              {"DATABASE_URL", url}};
  };
  // Port 1 of this machine: nobody listens, so the connection is refused at once.
  const auto away = environment("postgresql://nobody@127.0.0.1:1/db");
  const CommandResult check = run_forebay({"config", "check", "--json"}, away);
  CHECK(check.status == 3);
  CHECK(found(check, "problem", "destination", "127.0.0.1"));
  CHECK(run_forebay({"migrate", "status"}, away).status == 3);

  const auto impossible = environment("postgresql://h:port/db");
  CHECK(run_forebay({"config", "check"}, impossible).status == 2);
  CHECK(run_forebay({"migrate", "up"}, impossible).status == 2);
  CHECK(run_forebay({"migrate", "up", "--to", "mysql://h/db"}, away).status == 2);
}

TEST_CASE("--to wins over DATABASE_URL and is named as the reason", "[threads]") {
  const TemporaryDirectory directory;
  const std::string to = "sqlite:" + (directory / "other.db").string();
  const CommandResult result = run_forebay({"migrate", "up", "--to", to}, {{"DATABASE_URL", "sqlite:/proc/never.db"}});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(std::filesystem::exists(directory / "other.db"));
}

TEST_CASE("config check names what is wrong with a state directory", "[threads]") {
  const TemporaryDirectory directory;
  const auto problem = [&](const std::string& path) {
    const CommandResult result = run_forebay({"config", "check", "--json"}, {{"FOREBAY_STATE_DIR", path}});
    CHECK(result.status == 2);
    const auto said = nlohmann::json::parse(result.out);
    for (const auto& f : said.at("findings")) {
      if (f.at("verdict") == "problem" && f.at("subject") == "state directory")
        return f.at("message").get<std::string>();
    }
    return std::string("(none)");
  };
  CHECK(says(problem(directory.write("file", "x").string()), "not a directory"));
  CHECK(says(problem((directory / "file/state").string()), "Not a directory"));
  std::filesystem::create_symlink("nowhere", directory / "link");
  CHECK(says(problem((directory / "link").string()), "symlink to what is not there"));
  std::filesystem::create_directory(directory / "open");
  ::chmod((directory / "open").c_str(), 0777);
  CHECK(says(problem((directory / "open").string()), "others may write"));
}

TEST_CASE("a state directory of another user is refused", "[root][threads]") {
  if (::geteuid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "state");
  REQUIRE(::chown((directory / "state").c_str(), 12345, 12345) == 0);
  const CommandResult result =
      run_forebay({"config", "check", "--json"}, {{"FOREBAY_STATE_DIR", (directory / "state").string()}});
  CHECK(result.status == 2);
  CHECK(found(result, "problem", "state directory", "belongs to another user"));
}

TEST_CASE("config check of a server changes nothing there before migrate up, and is content after it",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const TemporaryDirectory directory;
  const std::map<std::string, std::string> environment = {{"FOREBAY_STATE_DIR", (directory / "state").string()},
                                                          {"DATABASE_URL", fixture.url()}};
  const std::string tables =
      "SELECT count(*) FROM pg_class WHERE relnamespace = '" + fixture.schema() + "'::regnamespace";
  const CommandResult before = run_forebay({"config", "check", "--json"}, environment);
  CAPTURE(before.out, before.err);
  CHECK(before.status == 0);
  CHECK(found(before, "ok", "destination", "reachable"));
  CHECK(found(before, "warning", "schema", "still to be applied"));
  CHECK(fixture.one(tables) == "0");

  CHECK(run_forebay({"migrate", "up"}, environment).status == 0);
  CHECK(fixture.one(tables) != "0");
  const CommandResult after = run_forebay({"config", "check", "--json"}, environment);
  CAPTURE(after.out);
  CHECK(after.status == 0);
  CHECK(found(after, "ok", "destination", "ready"));

  fixture.exec("ALTER TABLE backup_files DROP COLUMN file_size");
  const CommandResult broken = run_forebay({"config", "check", "--json"}, environment);
  CHECK(broken.status == 3);
  CHECK(found(broken, "problem", "destination", "file_size"));
}

TEST_CASE("PG* lines of a .env reach libpq", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const TemporaryDirectory directory;
  std::string lines;
  for (const char* name : {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE"}) {
    const char* value = std::getenv(name);
    if (value == nullptr) {
      WARN("skipped: " << name << " is not set");
      return;
    }
    lines += std::string(name) + "='" + value + "'\n";
  }
  directory.write(".env", lines + "PGOPTIONS='-c search_path=" + fixture.schema() + "'\n");
  const CommandResult up = run_forebay({"migrate", "up"}, {}, directory.path());
  CAPTURE(up.out, up.err);
  CHECK(up.status == 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "0");
}

}  // namespace
}  // namespace forebay::test
