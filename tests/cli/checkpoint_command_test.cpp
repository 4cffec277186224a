// forebay checkpoint create, list, inspect and verify through the binary, on what a scan left.

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "checkpoint/fixtures.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// A state directory with the buffer of a scan whose destination was away.
struct Left {
  explicit Left(int files = 50) : site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}, {"SYNC_CONNECT_TIMEOUT", "1"}}) {
    fill(tree, files);
    REQUIRE(site.run({"scan", tree.path(), "--set", "nightly\x1b[2J", "--quiet"}).status == 3);
  }
  std::string create() const {
    const CommandResult made = site.run({"checkpoint", "create"});
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
    return made.out.substr(0, made.out.find('\n'));
  }
  ScanSite site;
  Tree tree;
};

TEST_CASE("a checkpoint of what a scan left is created, listed, inspected and verified", "[threads]") {
  const Left left;
  const auto created = left.site.run({"checkpoint", "create", "--json"});
  CAPTURE(created.err);
  CHECK(created.status == 0);
  const nlohmann::json one = summary_of(created).at("checkpoints").at(0);
  const std::string file = one.at("file");
  CHECK(one.at("state") == "orphaned");
  CHECK(one.at("problem") == "");
  CHECK(one.at("bytes") == std::filesystem::file_size(file));
  CHECK(says(created.err, "checkpoint created " + file + " (" + std::to_string(one.at("rows").get<int>()) + " rows, "));
  CHECK(std::filesystem::path(file).parent_path() == left.site.state() + "/checkpoints");
  CHECK(left.site.buffers_left() == 1);

  const auto listed = left.site.run({"checkpoint", "list", "--json"});
  const nlohmann::json entry = summary_of(listed).at("checkpoints").at(0);
  CHECK(entry.at("file") == file);
  CHECK(entry.at("buffer") == one.at("buffer"));
  CHECK(entry.at("rows") == one.at("rows"));
  CHECK(entry.at("verified").is_null());
  CHECK(
      summary_of(left.site.run({"checkpoint", "list", "--verify", "--json"})).at("checkpoints").at(0).at("verified") ==
      true);
  CHECK(says(left.site.run({"checkpoint", "list"}).out, std::filesystem::path(file).filename().string()));

  const auto found = found_under(left.tree.path());
  const nlohmann::json inside = summary_of(left.site.run({"checkpoint", "inspect", file, "--json"}));
  CHECK(inside.at("verified") == true);
  CHECK(inside.at("durability") == "process");
  CHECK(inside.at("destination").get<std::string>().find("127.0.0.1:1/nobody") != std::string::npos);
  const nlohmann::json files = inside.at("streams").at("backup_files");
  CHECK(files.at("rows") == found.size());
  CHECK(says(files.at("smallest_key"), found.begin()->first));
  CHECK(says(files.at("largest_key"), found.rbegin()->first));
  REQUIRE(inside.at("sets").size() == 1);
  CHECK(inside.at("sets").at(0).at("rows") == found.size());
  CHECK(inside.at("sets").at(0).at("root") == left.tree.path());

  const auto text = left.site.run({"checkpoint", "inspect", file});
  CHECK(text.status == 0);
  CHECK(says(text.out, "nightly"));
  CHECK_FALSE(says(text.out, "\x1b"));  // a set's name does not steer the terminal
  const auto verified = left.site.run({"checkpoint", "verify", file});
  CHECK(verified.status == 0);
  CHECK(says(verified.out, "sound, "));
}

TEST_CASE("a damaged checkpoint ends verify, inspect and list --verify with 4, the reason and an older good one",
          "[threads]") {
  const Left left;
  const std::string good = left.create();
  const std::string bad = left.create();
  SqliteConnection(bad).exec("UPDATE backup_files SET file_size = 7");
  const auto verified = left.site.run({"checkpoint", "verify", bad, good});
  CHECK(verified.status == 4);
  CHECK(says(verified.err, "do not fit their digest; an older good one of the same buffer is " + good));
  CHECK(says(verified.out, good + ": sound"));
  CHECK_FALSE(says(verified.out, bad));
  CHECK(left.site.run({"checkpoint", "inspect", bad}).status == 4);
  CHECK(left.site.run({"checkpoint", "list"}).status == 0);
  const auto listed = left.site.run({"checkpoint", "list", "--verify"});
  CHECK(listed.status == 4);
  CHECK(says(listed.out, "bad"));
  CHECK(says(listed.out, "verified"));
  const nlohmann::json j = summary_of(left.site.run({"checkpoint", "verify", "--json", good, bad, "/dev/null"}));
  CHECK(j.at("checkpoints").at(0).at("verified") == true);
  CHECK(j.at("checkpoints").at(1).at("verified") == false);
  CHECK(says(j.at("checkpoints").at(2).at("problem"), "is a device"));
}

TEST_CASE("checkpoint create takes one buffer by its id, and says when there is nothing to do", "[threads]") {
  const Left left(3);
  REQUIRE(left.site.run({"scan", left.tree.path(), "--no-recover", "--quiet"}).status == 3);
  CHECK(left.site.buffers_left() == 2);
  CHECK(summary_of(left.site.run({"checkpoint", "create", "--json"})).at("checkpoints").size() == 2);
  const std::string id = std::filesystem::directory_iterator(left.site.state() + "/buffers")->path().filename();
  const nlohmann::json one = summary_of(left.site.run({"checkpoint", "create", "--buffer", id, "--json"}));
  REQUIRE(one.at("checkpoints").size() == 1);
  CHECK(one.at("checkpoints").at(0).at("buffer") == id);
  const auto unknown = left.site.run({"checkpoint", "create", "--buffer", "nobody"});
  CHECK(unknown.status == 2);
  CHECK(says(unknown.err, "there is no buffer nobody"));

  const ScanSite empty;
  const auto nothing = empty.run({"checkpoint", "create"});
  CHECK(nothing.status == 0);
  CHECK(says(nothing.out, "nothing to write to a checkpoint"));
  CHECK_FALSE(std::filesystem::exists(empty.state()));
  CHECK(says(empty.run({"checkpoint", "list"}).out, "no checkpoints in"));
}

TEST_CASE("checkpoint create heeds the folder and the hook that are set, and a failing hook harms nothing",
          "[threads]") {
  Left left(3);
  const std::string folder = left.site.directory().path().string() + "/elsewhere";
  const auto hook = left.site.directory().write("hook", "#!/bin/sh\necho copied $1\nexit 5\n");
  REQUIRE(::chmod(hook.c_str(), 0700) == 0);
  left.site.set("MEMORY_DB_CHECKPOINT_DIR", folder);
  left.site.set("MEMORY_DB_CHECKPOINT_HOOK", hook.string());
  const auto made = left.site.run({"checkpoint", "create"});
  const std::string file = made.out.substr(0, made.out.find('\n'));
  CHECK(made.status == 0);
  CHECK(says(made.err, "checkpoint hook: copied " + file));
  CHECK(says(made.err, "ended with status 5"));
  CHECK(file.starts_with(folder));
  CHECK(left.site.run({"checkpoint", "verify", file}).status == 0);
  CHECK(says(left.site.run({"checkpoint", "list"}).out, folder));

  REQUIRE(::chmod(folder.c_str(), 0777) == 0);
  const auto refused = left.site.run({"checkpoint", "create"});
  CHECK(refused.status == 4);
  CHECK(says(refused.err, "others may write to it"));
  CHECK(left.site.buffers_left() == 1);
}

TEST_CASE("a checkpoint with a damaged journal is made of what can be read, says so and ends with 4", "[threads]") {
  const Left left(400);
  std::filesystem::path largest;
  for (const auto& e : std::filesystem::recursive_directory_iterator(left.site.state() + "/buffers")) {
    if (e.path().extension() != ".journal") continue;
    if (largest.empty() || file_size(e.path()) > file_size(largest)) largest = e.path();
  }
  std::fstream(largest, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(file_size(largest) / 2))
      .write("XXXX", 4);
  const auto made = left.site.run({"checkpoint", "create"});
  CHECK(made.status == 4);
  CHECK(says(made.err, "lacks rows"));
  CHECK(says(made.err, "is damaged at byte"));
  const std::string file = made.out.substr(0, made.out.find('\n'));
  CHECK(left.site.run({"checkpoint", "verify", file}).status == 0);
  CHECK(says(left.site.run({"checkpoint", "list"}).out, "lacks rows"));
  CHECK(summary_of(left.site.run({"checkpoint", "inspect", file, "--json"})).at("lacks") != "");
}

TEST_CASE("a checkpoint of a newer format is refused by name, and what is no file is refused at once", "[threads]") {
  const Left left(3);
  const std::string file = left.create();
  SqliteConnection(file).exec("PRAGMA user_version = 7");
  const auto newer = left.site.run({"checkpoint", "verify", file});
  CHECK(newer.status == 4);
  CHECK(says(newer.err, "needs a newer forebay"));
  CHECK(std::filesystem::exists(file));
  const std::string fifo = (left.site.directory() / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto refused = left.site.run({"checkpoint", "inspect", fifo});
  CHECK(refused.status == 4);
  CHECK_FALSE(refused.timed_out);
  CHECK(says(refused.err, "is a FIFO"));
  CHECK(left.site.run({"checkpoint", "verify"}).status == 2);
}

TEST_CASE("a folder of checkpoints that is not there is no empty one", "[threads]") {
  const ScanSite site;
  for (const bool verify : {false, true}) {
    const auto result =
        site.run({"checkpoint", "list", (site.directory() / "typo").string(), verify ? "--verify" : "--json"});
    CHECK(result.status == 2);
    CHECK(says(result.err, "typo: No such file or directory; name a folder of checkpoints"));
  }
}

TEST_CASE("a checkpoint of an orphan takes nothing from recover", "[threads]") {
  const Left left(40);
  left.create();
  const TemporaryDirectory destination;
  const std::string catalog = (destination / "catalog.db").string();
  REQUIRE(left.site.run({"recover", "--to", "sqlite:" + catalog}).status == 0);
  SqliteConnection db(catalog, SQLITE_OPEN_READONLY);
  SqliteStatement q(db, "SELECT count(*) FROM backup_files");
  REQUIRE(q.step());
  CHECK(static_cast<std::size_t>(q.column_integer(0)) == found_under(left.tree.path()).size());
  CHECK(left.site.buffers_left() == 0);
  // All has landed: from now on its checkpoints go by age.
  const auto names = names_in(left.site.state() + "/checkpoints");
  REQUIRE(names.size() == 2);
  CHECK(names[0].starts_with(".landed-"));
}

}  // namespace
}  // namespace forebay::test
