// What an ended process leaves of why its rows had not landed, in status and in recover.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "forebay/buffer.hpp"
#include "state/marks.hpp"
#include "support/catalog_buffer.hpp"
#include "support/file_bytes.hpp"
#include "support/orphan.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

nlohmann::json only_buffer(const ScanSite& site) {
  const nlohmann::json buffers = summary_of(site.run({"status", "--json"})).at("buffers");
  REQUIRE(buffers.size() == 1);
  return buffers.at(0);
}

bool has_note(const ScanSite& site) {
  for (const auto& buffer : fs::directory_iterator(site.state() + "/buffers"))
    if (fs::exists(buffer.path() / kLastErrorName)) return true;
  return false;
}

/// Nothing of a secret in any file of the state directory.
void check_no_canary(const ScanSite& site) {
  for (const auto& entry : fs::recursive_directory_iterator(site.state())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    CAPTURE(entry.path());
    CHECK_FALSE(says(bytes, "cAnary"));
  }
}

TEST_CASE("status and recover tell of a killed scan why its rows had not landed, and when", "[long][threads]") {
  const std::string url = "postgresql://u:cAnary@127.0.0.1:1/nobody";
  ScanSite site(url, {{"SYNC_DRAIN_TIMEOUT", "600"}});
  const Tree tree;
  fill(tree, 100);
  {
    RunningCommand scan(site.line({"scan", tree.path(), "--quiet"}));
    REQUIRE(scan.wait_for("destination is down"));
    REQUIRE(comes_true([&] { return has_note(site); }));  // right after the line
    scan.send_signal(SIGKILL);
    scan.wait();
  }
  const nlohmann::json orphan = only_buffer(site);
  CHECK(orphan.at("state") == "orphaned");
  CHECK(says(orphan.at("last_error").get<std::string>(), "cannot connect to postgresql://u@127.0.0.1:1/nobody"));
  CHECK(orphan.at("last_error_at").is_string());
  CHECK(orphan.at("lost_failover") == 0);
  CHECK(says(site.run({"status"}).out, "last error   cannot connect to"));
  check_no_canary(site);

  // Who could not send them either leaves its own reason.
  site.set("SYNC_DRAIN_TIMEOUT", "1");
  const auto away = site.run({"recover", "--json"});
  CHECK(away.status == 3);
  CHECK(says(away.err, "; its last error, of 2"));
  const nlohmann::json before = summary_of(away).at("last_errors_before");
  REQUIRE(before.size() == 1);
  CHECK(before.at(0).at("buffer") == orphan.at("buffer"));
  CHECK(before.at(0).at("last_error") == orphan.at("last_error"));
  CHECK(before.at(0).at("last_error_at").is_string());
  CHECK(says(only_buffer(site).at("last_error").get<std::string>(), "cannot connect"));
  check_no_canary(site);

  const TemporaryDirectory elsewhere;
  REQUIRE(site.run({"recover", "--to", "sqlite:" + (elsewhere / "catalog.db").string()}).status == 0);
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("the note of an error goes when the destination is back, and is the last one at an orderly end",
          "[threads]") {
  const TemporaryDirectory dir;
  fs::create_symlink("nowhere/catalog.db", dir / "catalog.db");  // no catalog can be opened there
  fs::path note;
  {
    Buffer buffer(catalog_options(dir));
    note = dir / "state" / "buffers" / buffer.get_sync_status().buffer / kLastErrorName;
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("a", 1));
    CHECK(buffer.force_sync(std::chrono::milliseconds(1)).outcome() == SyncOutcome::unsettled);
    REQUIRE(comes_true([&] { return fs::exists(note); }));
    const auto noted = read_last_error(note.parent_path());
    REQUIRE(noted);
    CHECK(says(noted->message, "catalog.db"));
    fs::remove(dir / "catalog.db");
    CHECK(buffer.force_sync().outcome() == SyncOutcome::complete);
    CHECK(comes_true([&] { return !fs::exists(note); }));

    SqliteConnection busy((dir / "catalog.db").string());
    busy.exec("BEGIN EXCLUSIVE");
    writer.add(Measurement("a", 2));
    REQUIRE(buffer.stop(std::chrono::seconds(1)).outcome() == SyncOutcome::unsettled);
  }
  const auto left = read_last_error(note.parent_path());
  REQUIRE(left);
  CHECK(says(left->message, "catalog.db"));
}

TEST_CASE("rows missing since a failover are told of an orphan, and in the totals when it is recovered", "[threads]") {
  const TemporaryDirectory dir;
  Orphan orphan;
  orphan.destination = "sqlite:" + (dir / "catalog.db").string();
  const fs::path folder = orphan.make(dir / "state");
  write_last_error(folder, {"another server answered", 1'700'000'000'000'000, 60}, false);
  const auto status = [&] { return summary_of(run_forebay_at(dir, {"status", "--json"})); };
  const nlohmann::json left = status().at("buffers").at(0);
  CHECK(left.at("lost_failover") == 60);
  CHECK(says(left.at("problems").dump(), "60 rows are lost: they had landed, and another server took over"));
  const auto check = run_forebay_at(dir, {"status", "--check"});
  CHECK(says(check.out, " lost_failover=60;"));

  for (int again = 0; again < 2; ++again) {
    REQUIRE(run_forebay({"recover"}, {{"FOREBAY_STATE_DIR", (dir / "state").string()},
                                      {"DATABASE_URL", "sqlite:" + (dir / "catalog.db").string()}})
                .status == 0);
  }
  std::uint64_t missing = 0;
  const nlohmann::json after = status();
  for (const nlohmann::json& of : after.at("finished")) missing += of.at("lost_failover").get<std::uint64_t>();
  CHECK(missing == 60);
  CHECK(says(run_forebay_at(dir, {"status"}).out, "60 lost (60 when another server took over"));
}

TEST_CASE("a note of an error that is torn, planted, newer or endless is no trouble", "[recovery]") {
  const TemporaryDirectory dir;
  const fs::path file = dir / kLastErrorName;
  CHECK_FALSE(read_last_error(dir.path()));
  for (const std::string& content :
       {std::string(), std::string("{"), std::string("[]"), std::string("{\"format\":2}"), std::string(100'000, 'x'),
        std::string(R"({"format":1,"message":1,"at_us":0,"lost_failover":0})")}) {
    write_last_error(dir.path(), {"x", 1, 0}, false);
    std::ofstream(file, std::ios::trunc) << content;
    CHECK_FALSE(read_last_error(dir.path()));
  }
  fs::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK_FALSE(read_last_error(dir.path()));
  fs::remove(file);
  fs::create_symlink("/etc/hostname", file);
  CHECK_FALSE(read_last_error(dir.path()));
  fs::remove(file);

  write_last_error(dir.path(), {std::string(1'000'000, 'y'), 7, 3}, false);
  const auto cut = read_last_error(dir.path());
  REQUIRE(cut);
  CHECK(cut->message.size() < kLastErrorBytesMax + 10);
  CHECK(cut->missing_rows == 3);
  CHECK(fs::file_size(file) < 10'000);
  write_last_error(dir.path(), {}, false);
  CHECK_FALSE(fs::exists(file));
}

}  // namespace
}  // namespace forebay::test
