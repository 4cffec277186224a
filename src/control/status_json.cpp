#include "control/status_json.hpp"

#include <numeric>

#include "base/human.hpp"
#include "forebay/stream.hpp"

namespace forebay::control {
namespace {

Json time_json(const std::optional<std::int64_t>& us) { return us ? Json(rfc3339_local(*us)) : Json(nullptr); }

}  // namespace

Json counts_json(const Counts& counts) {
  return {{"total_files", counts.accepted},        {"synced_files", counts.synced},
          {"superseded_files", counts.superseded}, {"pending_files", counts.pending},
          {"error_files", counts.quarantined},     {"dropped_files", counts.dropped}};
}

Json unknown_buffer() {
  Json j;
  for (const char* field : {"buffer",
                            "pid",
                            "state",
                            "durability",
                            "destination",
                            "destination_server",
                            "destination_state",
                            "destination_since",
                            "total_files",
                            "synced_files",
                            "superseded_files",
                            "pending_files",
                            "error_files",
                            "dropped_files",
                            "sync_progress",
                            "outcome",
                            "is_syncing",
                            "paused",
                            "sync_batches",
                            "total_time",
                            "sync_time",
                            "last_sync_time",
                            "last_checkpoint_time",
                            "last_error",
                            "last_error_at",
                            "oldest_pending_s",
                            "memory_bytes",
                            "disk_bytes",
                            "missing",
                            "streams",
                            "recovered"}) {
    j[field] = nullptr;
  }
  return j;
}

Json live_buffer(const SyncStatus& s, pid_t pid) {
  Counts files;
  Json streams = Json::object();
  for (const auto& [name, counts] : s.streams) {
    streams[name] = counts_json(counts);
    if (name != backup_sets_stream().name) files += counts;
  }
  const auto done = static_cast<double>(files.synced + files.superseded);

  Json j = unknown_buffer();
  j["buffer"] = s.buffer;
  j["pid"] = pid;
  j["state"] = "live";
  j["durability"] = to_string(s.durability);
  j["destination"] = s.destination;
  j["destination_server"] = s.destination_server;
  j["destination_state"] = to_string(s.destination_state);
  j["destination_since"] = time_json(s.destination_since_us);
  j.update(counts_json(files));
  j["sync_progress"] = files.accepted == 0 ? 100.0 : 100.0 * done / static_cast<double>(files.accepted);
  j["outcome"] = to_string(s.outcome());
  j["is_syncing"] = s.is_syncing;
  j["paused"] = false;
  j["sync_batches"] = std::accumulate(s.batches.begin(), s.batches.end(), std::uint64_t{0});
  j["total_time"] = s.total_time_s;
  j["sync_time"] = s.sync_time_s;
  j["last_sync_time"] = time_json(s.last_sync_us);
  j["last_checkpoint_time"] = time_json(s.last_checkpoint_us);
  j["last_error"] = s.last_error;
  j["last_error_at"] = time_json(s.last_error_us);
  j["oldest_pending_s"] = s.oldest_pending_s;
  j["memory_bytes"] = s.memory_bytes;
  j["disk_bytes"] = s.disk_bytes;
  j["missing"] = s.missing_rows;
  j["streams"] = std::move(streams);
  j["recovered"] = counts_json(s.recovered);

  j["problems"] = Json::array();
  if (!s.disk_trouble.empty()) j["problems"].push_back(s.disk_trouble);
  if (const std::string missing = missing_rows_line(s.missing_rows); !missing.empty()) j["problems"].push_back(missing);
  return j;
}

std::string missing_rows_line(std::uint64_t rows) {
  if (rows == 0) return {};
  return counted(rows, "row", "rows") +
         " that had landed are not there any more: another server took over without them, or another file has the "
         "catalog's name; scan again";
}

}  // namespace forebay::control
