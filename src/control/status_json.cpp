#include "control/status_json.hpp"

#include "base/human.hpp"
#include "forebay/stream.hpp"

namespace forebay::control {
namespace {

Json time_json(const std::optional<std::int64_t>& us) { return us ? Json(rfc3339_utc(*us)) : Json(nullptr); }

}  // namespace

Json counts_json(const Counts& counts) {
  return {{"accepted", counts.accepted}, {"synced", counts.synced},           {"superseded", counts.superseded},
          {"pending", counts.pending},   {"quarantined", counts.quarantined}, {"lost", counts.lost}};
}

Counts counts_of(const RetryResult& retry) {
  Counts counts;
  counts.accepted = retry.retried;
  counts.synced = retry.synced;
  counts.superseded = retry.superseded;
  counts.pending = retry.unsettled;
  counts.quarantined = retry.refused;
  return counts;
}

Json streams_json(const std::map<std::string, Counts>& streams) {
  Json all = Json::object();
  for (const auto& [stream, counts] : streams) all[stream] = counts_json(counts);
  return all;
}

Json batches_json(const std::array<std::uint64_t, kReasons>& batches) {
  Json all = Json::object();
  for (std::size_t i = 0; i < kReasons; ++i) all[std::string(to_string(static_cast<Reason>(i)))] = batches[i];
  return all;
}

Json unknown_counts() {
  Json j = Json::object();
  for (const char* field : {"accepted", "synced", "superseded", "pending", "quarantined", "lost"}) j[field] = nullptr;
  return j;
}

Json unknown_buffer() {
  Json j;
  for (const char* field : {"buffer", "pid", "state", "durability", "destination", "destination_server",
                            "destination_state", "destination_since_at"}) {
    j[field] = nullptr;
  }
  j.update(unknown_counts());
  for (const char* field :
       {"lost_dropped", "lost_failover", "progress_percent", "outcome", "syncing", "paused", "batches",
        "elapsed_seconds", "sync_seconds", "last_sync_at", "last_checkpoint_at", "last_error", "last_error_at",
        "held_streams", "oldest_pending_seconds", "memory_bytes", "disk_bytes", "streams", "recovered"}) {
    j[field] = nullptr;
  }
  return j;
}

Json live_buffer(const SyncStatus& s, pid_t pid) {
  Counts rows;
  for (const auto& [name, counts] : s.streams) {
    if (name != backup_sets_stream().name) rows += counts;
  }
  const auto done = static_cast<double>(rows.synced + rows.superseded);
  Json j = unknown_buffer();
  j["buffer"] = s.buffer;
  j["pid"] = pid;
  j["state"] = "live";
  j["durability"] = to_string(s.durability);
  j["destination"] = s.destination;
  j["destination_server"] = s.destination_server;
  j["destination_state"] = to_string(s.destination_state);
  j["destination_since_at"] = time_json(s.destination_since_us);
  j.update(counts_json(rows));
  j["lost_dropped"] = rows.dropped;
  j["lost_failover"] = s.missing_rows;
  j["progress_percent"] = rows.accepted == 0 ? 100.0 : 100.0 * done / static_cast<double>(rows.accepted);
  j["outcome"] = to_string(s.outcome());
  j["syncing"] = s.is_syncing;
  j["paused"] = false;
  j["batches"] = batches_json(s.batches);
  j["elapsed_seconds"] = s.total_time_s;
  j["sync_seconds"] = s.sync_time_s;
  j["last_sync_at"] = time_json(s.last_sync_us);
  j["last_checkpoint_at"] = time_json(s.last_checkpoint_us);
  j["last_error"] = s.last_error;
  j["last_error_at"] = time_json(s.last_error_us);
  j["held_streams"] = Json::array();
  for (const HeldStream& held : s.held_streams)
    j["held_streams"].push_back({{"stream", held.name}, {"error", held.error}, {"since_at", time_json(held.since_us)}});
  j["oldest_pending_seconds"] = s.oldest_pending_s;
  j["memory_bytes"] = s.memory_bytes;
  j["disk_bytes"] = s.disk_bytes;
  j["streams"] = streams_json(s.streams);
  j["recovered"] = counts_json(s.recovered);

  j["problems"] = Json::array();
  if (!s.disk_trouble.empty()) j["problems"].push_back(s.disk_trouble);
  if (const std::string lost = lost_rows_line(s.missing_rows); !lost.empty()) j["problems"].push_back(lost);
  return j;
}

std::string lost_rows_line(std::uint64_t rows) {
  if (rows == 0) return {};
  return counted(rows, "row is lost: it", "rows are lost: they") +
         " had landed, and another server took over without " + (rows == 1 ? "it" : "them") +
         ", or another file has the catalog's name; scan again";
}

}  // namespace forebay::control
