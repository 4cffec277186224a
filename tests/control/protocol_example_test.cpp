// docs/control-protocol.md against the code.

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "control/protocol.hpp"
#include "control/status_json.hpp"
#include "support/places.hpp"

using namespace forebay;
using namespace forebay::control;
using namespace forebay::test;

namespace {

std::string page() {
  std::ifstream in(source_directory() + "/docs/control-protocol.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What stands in the nth block of that language.
std::string block(const std::string& language, int n) {
  const std::string text = page();
  const std::string opening = "\n```" + language + "\n";
  std::size_t at = 0;
  for (int i = 0; i <= n; ++i) {
    at = text.find(opening, at);
    REQUIRE(at != std::string::npos);
    at += opening.size();
  }
  return text.substr(at, text.find("\n```", at) - at);
}

std::string from_hex(const std::string& text) {
  std::istringstream in(text);
  std::string bytes;
  for (int byte = 0; in >> std::hex >> byte;) bytes += static_cast<char>(byte);
  return bytes;
}

}  // namespace

TEST_CASE("the control protocol's page shows the bytes and texts that are sent", "[control]") {
  CHECK(block("json", 0) == to_text(Request{}));
  CHECK(from_hex(block("hex", 0)) == encode_frame(to_text(Request{})));
  CHECK(parse_request(block("json", 0)).command == Command::status);
  SyncStatus s;
  s.buffer = "20260101T000000Z-4711-1f2e3d4c";
  s.durability = Durability::process;
  s.destination = "postgresql://backup@db.example/backups";
  s.destination_state = DestinationState::ok;
  s.streams["backup_files"] = {5000, 4999, 1, 0, 0};
  s.streams["backup_sets"] = {2, 0, 0, 2, 0};
  s.batches[0] = 1;
  s.total_time_s = 2.5;
  s.sync_time_s = 0.25;
  s.oldest_pending_s = 1.5;
  s.memory_bytes = 4096;
  s.disk_bytes = 512;
  CHECK(block("json", 1) == to_text(result_reply(live_buffer(s, 4711))));
}

TEST_CASE("a request says the same after its way through text", "[control]") {
  Request request;
  request.command = Command::force_sync;
  request.timeout = std::chrono::milliseconds(1234);
  const Request back = parse_request(to_text(request));
  CHECK(back.command == Command::force_sync);
  CHECK(back.timeout == request.timeout);
  CHECK(parse_request(R"({"version": 1, "command": "checkpoint", "new": [{}]})").command == Command::create_checkpoint);
}

TEST_CASE("the times of a status carry their zone, and its counts leave the sets out", "[control]") {
  SyncStatus s;
  s.streams["backup_sets"] = {2, 1, 0, 1, 0};
  CHECK(live_buffer(s, 1).at("progress_percent") == 100.0);  // of nothing
  s.streams["backup_files"] = {8, 2, 1, 4, 1};
  s.streams["measurements"] = {8, 1, 0, 7, 0};
  s.last_sync_us = 1'767'225'600'000'000;
  const Json j = live_buffer(s, 1);
  CHECK(j.at("accepted") == 16);
  CHECK(j.at("synced") == 3);
  CHECK(j.at("superseded") == 1);
  CHECK(j.at("pending") == 11);
  CHECK(j.at("quarantined") == 1);
  CHECK(j.at("progress_percent") == 25.0);
  CHECK_THAT(j.at("last_sync_at").get<std::string>(),
             Catch::Matches(R"(20(25-12-31|26-01-01)T\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z))"));
  CHECK(j.at("last_checkpoint_at").is_null());
}
