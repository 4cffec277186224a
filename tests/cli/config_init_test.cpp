#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "config/setting_table.hpp"
#include "support/places.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

mode_t mode_of(const std::filesystem::path& file) {
  struct stat st = {};
  REQUIRE(::lstat(file.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

std::vector<std::string> backups_in(const TemporaryDirectory& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename();
    if (says(name, ".bak-")) names.push_back(name);
  }
  return names;
}

TEST_CASE("config init writes a .env for this user alone that every command accepts", "[threads]") {
  const TemporaryDirectory directory;
  const CommandResult result = run_forebay({"config", "init"}, {}, directory.path());
  CHECK(result.status == 0);
  CHECK(says(result.out, "wrote .env for ordinary servers"));
  CHECK(mode_of(directory / ".env") == 0600);
  const CommandResult show = run_forebay({"config", "show"}, {}, directory.path());
  CHECK(show.status == 0);
  CHECK(show.err.empty());
  CHECK(backups_in(directory).empty());
}

TEST_CASE("config init writes the sizes of the profile that is asked for", "[threads]") {
  for (const auto& [profile, batch, interval, files] : {std::tuple{"strong", "10000", "60", "200000"},
                                                        {"ordinary", "5000", "30", "100000"},
                                                        {"small", "2000", "15", "50000"}}) {
    const TemporaryDirectory directory;
    REQUIRE(run_forebay({"config", "init", "--profile", profile}, {}, directory.path()).status == 0);
    const std::string text = directory.read(".env");
    CHECK(says(text, std::string("\nMEMORY_DB_SYNC_BATCH_SIZE=") + batch + "\n"));
    CHECK(says(text, std::string("\nMEMORY_DB_SYNC_INTERVAL=") + interval + "\n"));
    CHECK(says(text, std::string("\nMEMORY_DB_MAX_FILES=") + files + "\n"));
  }
  CHECK(run_forebay({"config", "init", "--profile", "huge"}).status == 2);
}

TEST_CASE("config init adds to an existing .env and leaves its bytes, mode and a copy", "[threads]") {
  const TemporaryDirectory directory;
  const std::string before =
      "\xef\xbb\xbf# mine\r\nMEMORY_DB_SYNC_BATCH_SIZE=77 # odd\r\n#SCAN_THREADS=9\r\nOTHER='a\r\nb'";
  directory.write(".env", before);
  ::chmod((directory / ".env").c_str(), 0640);
  const CommandResult result = run_forebay({"config", "init", "--profile", "strong"}, {}, directory.path());
  CHECK(result.status == 0);
  const std::string after = directory.read(".env");
  CHECK(after.starts_with(before + "\r\n"));
  CHECK_FALSE(says(after.substr(before.size()), "MEMORY_DB_SYNC_BATCH_SIZE"));
  CHECK_FALSE(says(after.substr(before.size()), "SCAN_THREADS"));
  CHECK(says(after, "\r\nMEMORY_DB_SYNC_INTERVAL=60\r\n"));
  CHECK(mode_of(directory / ".env") == 0640);
  const auto backups = backups_in(directory);
  REQUIRE(backups.size() == 1);
  CHECK(directory.read(backups[0]) == before);
  CHECK(mode_of(directory / backups[0]) == 0640);
  CHECK(says(result.out, backups[0]));
  CHECK(says(result.out, "MEMORY_DB_SYNC_INTERVAL"));
  CHECK(says(result.out, "MEMORY_DB_SYNC_BATCH_SIZE stays as line 2 has it; strong servers: 10000"));

  // A second time there is nothing to add, and nothing is touched.
  const CommandResult again = run_forebay({"config", "init", "--profile", "strong"}, {}, directory.path());
  CHECK(again.status == 0);
  CHECK(says(again.out, "nothing was changed"));
  CHECK(directory.read(".env") == after);
  CHECK(backups_in(directory).size() == 1);
}

TEST_CASE("config init refuses what is not a file of its own: symlinks, folders, FIFOs, malformed ones", "[threads]") {
  const TemporaryDirectory directory;
  const auto refused = [&](const std::string& name) {
    const CommandResult result = run_forebay({"--env", name, "config", "init"}, {}, directory.path());
    CAPTURE(name, result.err);
    CHECK(result.status == 2);
    CHECK(says(result.err, name));
    return result.err;
  };
  directory.write("target", "A=1\n");
  std::filesystem::create_symlink("target", directory / "link.env");
  std::filesystem::create_symlink("nowhere", directory / "dangling.env");
  std::filesystem::create_directory(directory / "folder.env");
  REQUIRE(::mkfifo((directory / "fifo.env").c_str(), 0600) == 0);
  directory.write("open.env", "A='never closed\n");

  CHECK(says(refused("link.env"), "symlink"));
  CHECK(says(refused("dangling.env"), "symlink"));
  CHECK(says(refused("folder.env"), "not a regular file"));
  CHECK(says(refused("fifo.env"), "not a regular file"));
  CHECK(says(refused("open.env"), "open.env:1:3"));
  CHECK(directory.read("target") == "A=1\n");
  CHECK_FALSE(std::filesystem::exists(directory / "nowhere"));
  CHECK(directory.read("open.env") == "A='never closed\n");
  CHECK(backups_in(directory).empty());
}

TEST_CASE("the profile small sets memory, disk, threads and connections, and what is said elsewhere wins over it",
          "[threads]") {
  const TemporaryDirectory directory;
  REQUIRE(run_forebay({"config", "init", "--profile", "small"}, {}, directory.path()).status == 0);
  const auto shown = [&](const std::map<std::string, std::string>& environment) {
    const CommandResult result = run_forebay({"config", "show", "--json"}, environment, directory.path());
    CHECK(result.status == 0);
    return nlohmann::json::parse(result.out).at("settings");
  };
  const auto small = shown({});
  const auto number = [](const nlohmann::json& settings, const char* name) {
    return settings.at(name).at("value").get<std::int64_t>();
  };
  for (const Setting& s : all_settings()) {
    if (s.small.empty()) continue;
    CAPTURE(s.name);
    CHECK(number(small, s.name.data()) == std::stoll(std::string(s.small)));
    CHECK(std::stoll(std::string(s.small)) < std::stoll(std::string(s.ordinary)));
    CHECK(std::stoll(std::string(s.ordinary)) < std::stoll(std::string(s.strong)));
  }
  const auto given = shown({{"MEMORY_DB_MAX_MB", "96"}, {"SYNC_CONNECTIONS", "3"}});
  CHECK(number(given, "MEMORY_DB_MAX_MB") == 96);
  CHECK(number(given, "SYNC_CONNECTIONS") == 3);
  CHECK(number(given, "SCAN_THREADS") == number(small, "SCAN_THREADS"));
}

TEST_CASE("two backups within one second do not overwrite each other", "[threads]") {
  const TemporaryDirectory directory;
  for (const char* text : {"A=1\n", "A=2\n", "A=3\n"}) {
    directory.write(".env", text);
    REQUIRE(run_forebay({"config", "init"}, {}, directory.path()).status == 0);
  }
  CHECK(backups_in(directory).size() == 3);
}

TEST_CASE("a disk that is full leaves the .env as it was", "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "A=1\n");
  CommandLine line;
  line.program = "/bin/sh";
  // Room for the copy, not for what is added: the file size limit counts in blocks of 512 or 1024 bytes.
  line.arguments = {"-c", "trap '' XFSZ; ulimit -f 1; exec " + forebay_binary() + " config init"};
  line.directory = directory.path();
  const CommandResult result = run_command(line);
  CHECK(result.status == 4);
  CHECK(says(result.err, "cannot add to .env"));
  CHECK(directory.read(".env") == "A=1\n");
}

}  // namespace
}  // namespace forebay::test
