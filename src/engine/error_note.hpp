#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>

#include "forebay/options.hpp"
#include "state/marks.hpp"

namespace forebay {

/// Keeps the file `last-error` of a buffer's folder up to date, for whoever looks after this process was killed. What
/// goes on failing is written seldom. Thread-safe; what the disk does not take is no trouble.
class ErrorNote {
 public:
  ErrorNote(std::filesystem::path folder, Durability durability, LogCallback log)
      : folder_(std::move(folder)), flush_(durability == Durability::power), log_(std::move(log)) {}

  /// `error` is what is known now; empty: all is well.
  void note(const LastError& error, std::chrono::steady_clock::time_point now);
  /// The same at the end, whatever was written lately.
  void note_last(const LastError& error);

 private:
  void write(const LastError& error);

  const std::filesystem::path folder_;
  const bool flush_;
  const LogCallback log_;
  std::mutex mutex_;
  // Guarded by mutex_:
  LastError written_;
  std::optional<std::chrono::steady_clock::time_point> written_at_;
};

}  // namespace forebay
