#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/export.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// What an acknowledged row survives while it is not yet at the destination. Writer::commit() says when a row is
/// acknowledged.
enum class Durability : std::uint8_t {
  memory,   ///< an orderly end of the process only; after any other, what the last checkpoint holds is left
  process,  ///< the death of the process, by any signal
  power     ///< also a kernel crash and power loss, if the device honours flushes
};
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(Durability durability) noexcept;

/// What add() does when the limits on memory and disk leave no room for a row.
enum class FullPolicy : std::uint8_t {
  wait,  ///< it blocks until rows have landed
  fail   ///< it throws Error(full)
};
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(FullPolicy policy) noexcept;

enum class LogLevel : std::uint8_t { debug, info, warning, error };
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(LogLevel level) noexcept;

/// Receives one line of the log, without newline and without secrets. Called by forebay's threads and by the caller's,
/// never by two at once. Must return soon, must not throw, and must not call the Buffer, whose locks may be held.
using LogCallback = std::function<void(LogLevel, std::string_view)>;

/// How a Buffer is to work. The defaults are those of the settings in docs/settings.md, where each has its reasons.
struct Options {
  /// postgresql://…, opengauss://… or sqlite:FILE. Empty: libpq's PG* variables if PGHOST, PGSERVICE or PGHOSTADDR is
  /// set; else the SQLite catalog catalog.db in the state directory.
  std::string destination;
  /// Where journals, quarantines and checkpoints are kept. Several Buffers and processes may share one. Empty:
  /// /var/lib/forebay for root, else ${XDG_STATE_HOME:-~/.local/state}/forebay.
  std::filesystem::path state_directory;
  Durability durability = Durability::process;

  /// Rows that a Writer collects before they are sent as one batch. Rows that are this old (`interval`) are sent at
  /// once, as a smaller batch.
  std::uint64_t batch_rows_max = 5000;
  std::chrono::milliseconds interval{30'000};
  /// Rows in memory, of all Writers together; what exceeds a limit is kept in journals alone.
  std::uint64_t memory_rows_max = 100'000;
  std::uint64_t memory_bytes_max = 512ULL << 20;
  /// Bytes of the journals on disk; what exceeds that is a case for `full_policy`.
  std::uint64_t disk_bytes_max = 10240ULL << 20;
  FullPolicy full_policy = FullPolicy::wait;
  /// False: no journal and no state directory. The add() that completes a batch then waits until it has landed.
  bool buffered = true;

  int connections = 2;                                  ///< to the destination, at most; each has a thread
  std::chrono::milliseconds connect_timeout{10'000};    ///< for each address of each server that is named
  std::chrono::milliseconds statement_timeout{60'000};  ///< for each statement, COPY and COMMIT
  /// How long no row may land before stop() leaves the rest in the state directory, and before add() throws where only
  /// landing rows can help it (not buffered, or memory and disk both full).
  std::chrono::seconds drain_timeout{60};
  /// How far the clock of this machine may be from the server's. Beyond it nothing is sent, as versions are times.
  std::chrono::seconds clock_tolerance{300};

  /// Time between checkpoints of the rows that only memory holds; one is made only if such rows were added. 0: none
  /// except by create_checkpoint(). No value: 300 s at level `memory`, else 0.
  std::optional<std::chrono::seconds> checkpoint_interval;
  std::filesystem::path checkpoint_directory;  ///< empty: checkpoints/ in the state directory
  /// Age at which a checkpoint is removed, if its rows have landed or are in a newer one.
  std::chrono::hours checkpoint_retention{24};
  /// A program that is run for each finished checkpoint, with its path as argument, for 60 s at most; empty: none.
  std::filesystem::path checkpoint_hook;

  /// Let `forebay status`, `force-sync`, `retry-errors`, `errors` and `checkpoint create`, run by the same user, reach
  /// this Buffer by a Unix socket.
  bool control_socket = true;

  /// At the start, adopt and send what ended processes of this host left for this destination. recover() can do more.
  bool recover = true;
  /// False: a dry run. Rows are counted, and nothing is sent or kept.
  bool send = true;
  std::vector<Stream> streams;  ///< besides the built-in ones
  LogCallback log;              ///< empty: lines go to stderr
};

/// Options from the environment and from a .env file; a variable of the environment wins. The settings are those of
/// docs/settings.md. `env_file` empty: ./.env, if there is one. Throws Error(usage), with file and line, for an invalid
/// setting. Warnings about settings that contradict each other go to stderr.
[[nodiscard]] FOREBAY_EXPORT Options options_from_environment(const std::filesystem::path& env_file = {});

}  // namespace forebay
