#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/stream.hpp"

namespace forebay {

/// What an acknowledged row that is not yet at the destination survives.
enum class Durability : std::uint8_t {
  memory,   ///< nothing beyond the last checkpoint
  process,  ///< the death of this process, by whatever signal
  power     ///< also a kernel crash and power loss, as far as the device honours flushes
};

/// What add() does when no limit leaves room.
enum class FullPolicy : std::uint8_t { wait, fail };

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// One line, no newline, no secrets. Called from several threads, one at a time. Must not throw, and must not call the
/// Buffer: locks may be held.
using LogCallback = std::function<void(LogLevel, std::string_view)>;

/// Everything that a Buffer can be told. The defaults are those of the settings in docs/settings.md.
struct Options {
  /// postgresql://… or sqlite:FILE; empty: libpq's PG* variables if PGHOST, PGSERVICE or PGHOSTADDR is set, else the
  /// SQLite catalog in the state directory.
  std::string destination;
  /// Empty: /var/lib/forebay for root, else ${XDG_STATE_HOME:-~/.local/state}/forebay.
  std::filesystem::path state_directory;
  Durability durability = Durability::process;

  std::uint64_t batch_rows_max = 5000;         ///< rows of one writer that seal its segment
  std::chrono::milliseconds interval{30'000};  ///< age at which what is there is synced
  std::uint64_t memory_rows_max = 100'000;     ///< rows in memory, of all writers; then eviction to journals
  std::uint64_t memory_bytes_max = 512ULL << 20;
  std::uint64_t disk_bytes_max = 10240ULL << 20;  ///< journals on disk; then full_policy
  FullPolicy full_policy = FullPolicy::wait;
  /// False: no journal and no state directory; rows go to the destination in batches and the producer waits for each.
  bool buffered = true;

  int connections = 2;
  std::chrono::milliseconds connect_timeout{10'000};    ///< of each address of each server that is named
  std::chrono::milliseconds statement_timeout{60'000};  ///< of each statement, each COPY and each COMMIT
  /// Without progress: before stop() leaves the rest in the state directory, and before add() gives up, unbuffered or
  /// with memory and disk both full.
  std::chrono::seconds drain_timeout{60};
  std::chrono::seconds clock_tolerance{300};

  /// Time between checkpoints of what only memory holds, made when something changed; 0: on demand only. None: 300 s at
  /// level `memory`, else 0.
  std::optional<std::chrono::seconds> checkpoint_interval;
  std::filesystem::path checkpoint_directory;   ///< empty: checkpoints/ in the state directory
  std::chrono::hours checkpoint_retention{24};  ///< of checkpoints that are superseded or fully synced
  std::filesystem::path checkpoint_hook;        ///< run with the path of each finished checkpoint, 60 s at most

  /// Lets `forebay status`, `force-sync` and `checkpoint create` of the same user reach this Buffer, by a Unix socket.
  bool control_socket = true;

  bool recover = true;                   ///< adopt orphaned buffers of the same host and destination at start
  bool recover_any_destination = false;  ///< and those that were meant for another destination
  bool only_recover = false;             ///< make no folder of its own, as no Writer will be: works also on a full disk
  /// Only adopt buffers with rows in quarantine, and send these rows again, too: of `retry_stream`, or of all streams.
  bool retry_quarantined = false;
  std::string retry_stream;
  std::string recover_buffer;  ///< adopt only the one of this name; empty: all
  /// Adopt as well what this host wrote, whose processes have ended. (What this one wrote under another name is known.)
  std::string recover_host;
  /// Added to the version's time of every row that is adopted, order kept: for rows stamped by a clock that was wrong.
  /// Without it, orphans are left alone whose newest row lies further than clock_tolerance in the future, or whose
  /// process the destination refused for its clock; 0 takes their rows as they are.
  std::optional<std::chrono::seconds> recover_shift;
  bool send = true;             ///< false: buffer only, send nothing, leave nothing (a dry run)
  std::vector<Stream> streams;  ///< besides the built-in ones
  LogCallback log;              ///< empty: spdlog, on stderr
};

/// Options from the environment and, below it, the .env file (default: ./.env where there is one): the settings of
/// docs/settings.md. Throws Error(usage) with file and line for an invalid setting. Reports settings that conflict
/// on stderr.
Options options_from_environment(const std::filesystem::path& env_file = {});

}  // namespace forebay
