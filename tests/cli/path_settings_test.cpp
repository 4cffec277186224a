// A setting that names a path, and what an editor, a container engine or a template made of it: it is refused with 2
// and its place, and nothing is made. After reports of users of .env files (motdotla/dotenv#409, docker/cli#3630).
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Environment = std::map<std::string, std::string>;

/// A tree to scan, a working directory for ./.env and relative paths, and what may be made in neither.
class PathSite {
 public:
  PathSite() {
    fs::create_directory(tree());
    directory_.write("tree/file", "x");
    fs::create_directory(work());
  }
  CommandResult scan(const std::string& env_text, Environment environment = {}) const {
    if (!env_text.empty()) {
      directory_.write("work/.env", env_text);
      ::chmod((work() / ".env").c_str(), 0600);
    }
    environment.try_emplace("HOME", (directory_ / "home").string());
    CommandLine line;
    line.arguments = {"scan", "--set", "s", tree().string()};
    line.environment = std::move(environment);
    line.directory = work();
    return run_command(line);
  }
  std::string at(const std::string& name) const { return (directory_ / name).string(); }
  /// Everything that is there but the tree and the .env.
  std::vector<std::string> made() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      const std::string name = fs::relative(entry.path(), directory_.path()).string();
      if (!name.starts_with("tree") && name != "work" && name != "work/.env") names.push_back(name);
    }
    return names;
  }

 private:
  fs::path tree() const { return directory_ / "tree"; }
  fs::path work() const { return directory_ / "work"; }
  TemporaryDirectory directory_;
};

TEST_CASE("a .env whose lines end in CR alone is refused with its line, and no password becomes part of a path",
          "[threads][field][field-03]") {
  const PathSite site;
  const std::string url = "DATABASE_URL=postgresql://backup:canary@db.example/files";
  const std::string state = "FOREBAY_STATE_DIR=" + site.at("state");
  for (const std::string& text : {state + "\r" + url + "\r", "# a comment\r" + state + "\n" + url + "\n",
                                  "FOREBAY_STATE_DIR='x\r" + url + "'\n", state + "\u2028" + url + "\n",
                                  state + "\u0085" + url + "\n", state + "\v" + url + "\n", "#\u2028" + state + "\n"}) {
    const CommandResult result = site.scan(text);
    CAPTURE(result.err);
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains(".env:1:") && Contains("LF or CRLF") || Contains("LF nor CRLF"));
    CHECK_THAT(result.out + result.err, !Contains("canary"));
    CHECK(site.made().empty());
  }
  // Counted by line feeds, where only one of them is missing; and what a message advises is right.
  CHECK_THAT(site.scan("SCAN_THREADS=2\r\n" + state + "\rSCAN_THREADS=3\r\n").err, Contains(".env:2:"));
  CHECK(site.scan("SCAN_THREADS=2\r\n" + state + "\r\nDATABASE_URL=sqlite:" + site.at("c.db") + "\r\n").status == 0);
}

TEST_CASE("a path setting as a container engine, a template or a text editor leaves it is refused, and nothing is made",
          "[threads][field][field-10]") {
  const PathSite site;
  const std::string at = site.at("state");
  const Environment named = {{"DATABASE_URL", "sqlite:" + site.at("c.db")}};
  for (const std::string& value :
       {"\"" + at + "\"", "'" + at + "'", at + "\n", at + " ", "“" + at + "”", "\u00A0" + at, "\u200B" + at,
        std::string("$HOME/forebay"), std::string("${HOME}/forebay"), std::string("{{ state }}"),
        std::string("%h/state"), std::string("C:\\forebay"), "sqlite:" + at, at + " SCAN_THREADS=2"}) {
    CAPTURE(value);
    for (const char* setting : {"FOREBAY_STATE_DIR", "MEMORY_DB_CHECKPOINT_DIR", "FOREBAY_LOG_FILE", "DATABASE_URL"}) {
      Environment environment = named;
      environment.try_emplace("FOREBAY_STATE_DIR", at);
      const bool url = std::string_view(setting) == "DATABASE_URL";
      if (url && value.starts_with("sqlite:")) continue;
      environment[setting] = (url ? "sqlite:" : "") + value;
      const CommandResult result = site.scan("", environment);
      CAPTURE(setting, result.err);
      CHECK(result.status == 2);
      CHECK_THAT(result.err, Contains("environment: " + std::string(setting)));
      CHECK(site.made().empty());
    }
  }
  for (const std::string& line : {std::string("FOREBAY_STATE_DIR=$HOME/forebay"),
                                  std::string("FOREBAY_STATE_DIR=\"$HOME/forebay\""), "FOREBAY_STATE_DIR=“" + at + "”",
                                  "FOREBAY_STATE_DIR=\u00A0" + at, "FOREBAY_STATE_DIR=" + at + " SCAN_THREADS=2"}) {
    const CommandResult result = site.scan(line + "\n", named);
    CAPTURE(line, result.err);
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains(".env:1: FOREBAY_STATE_DIR"));
    CHECK(site.made().empty());
  }
}

TEST_CASE("a path with a $ of its own is written in single quotes in a .env, as the refusal says", "[threads]") {
  const PathSite site;
  const std::string line = "FOREBAY_STATE_DIR=" + site.at("of $USER");
  const Environment named = {{"DATABASE_URL", "sqlite:" + site.at("c.db")}};
  CHECK_THAT(site.scan(line + "\n", named).err, Contains("into a .env in single quotes"));
  CHECK(site.scan("FOREBAY_STATE_DIR='" + site.at("of $USER") + "'\n", named).status == 0);
  CHECK(fs::exists(site.at("of $USER/buffers")));
}

TEST_CASE("a URL or a password in a path's place is in no message and in the name of nothing", "[threads]") {
  const PathSite site;
  for (const char* value : {"postgresql://u:canary@h/db", "host=h password=canary", "sqlite:/x\nPGPASSWORD=canary"}) {
    for (const char* setting :
         {"FOREBAY_STATE_DIR", "MEMORY_DB_CHECKPOINT_DIR", "MEMORY_DB_CHECKPOINT_HOOK", "FOREBAY_LOG_FILE"}) {
      Environment environment = {{"FOREBAY_STATE_DIR", site.at("state")}};
      environment[setting] = value;
      CommandLine show;
      show.arguments = {"config", "show"};
      show.environment = environment;
      for (const CommandResult& result : {site.scan("", environment), run_command(show)}) {
        CAPTURE(setting, value, result.out, result.err);
        CHECK(result.status == 2);
        CHECK_THAT(result.out + result.err, !Contains("canary"));
      }
      CHECK(site.made().empty());
    }
  }
}

TEST_CASE("a .env that is a link to nothing is refused, an empty folder in its place is warned about", "[threads]") {
  const TemporaryDirectory directory;
  fs::create_symlink("nowhere", directory / ".env");
  const CommandResult dangling = run_forebay({"config", "show"}, {}, directory.path());
  CHECK(dangling.status == 2);
  CHECK_THAT(dangling.err, Contains("symlink to what is not there"));

  fs::remove(directory / ".env");
  fs::create_directory(directory / ".env");
  const CommandResult empty = run_forebay({"config", "show"}, {}, directory.path());
  CHECK(empty.status == 0);
  CHECK_THAT(empty.err, Contains("a container engine makes one"));
  directory.write(".env/pyvenv.cfg", "");  // Python's virtual environments may have that name
  CHECK(run_forebay({"config", "show"}, {}, directory.path()).err.empty());
}

}  // namespace
}  // namespace forebay::test
