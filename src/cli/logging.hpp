#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "forebay/options.hpp"

namespace forebay::cli {

enum class LogFormat : std::uint8_t { text, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::filesystem::path file;  // empty: none
};

/// Sets up spdlog's default logger: stderr, and the file when there is one; one event a line, with RFC 3339 times with
/// zone. Throws Error(usage) for a file that cannot be opened.
void start_logging(const LogOptions& options);

/// Only warnings and errors on stderr from now on; the log file gets what it got before.
void warnings_only_on_stderr();

/// Writes one event with what start_logging() set up. Whatever the message holds, it stays one line.
void log_line(LogLevel level, std::string_view message);

/// The line that a command ends with: as other programs write it ("forebay: …") on stderr, as an event in the log file
/// and where --log-format json is asked for.
void report_failure(std::string_view message);

/// log_line() as what Options::log takes.
LogCallback log_callback();

/// Called before each line and after it, so that a progress line on the same terminal can step aside. One pair at a
/// time.
struct LogNeighbour {
  virtual ~LogNeighbour() = default;
  virtual void before_line() = 0;
  virtual void after_line() = 0;
};
/// Null takes it away. The neighbour must outlive its stay.
void set_log_neighbour(LogNeighbour* neighbour);

}  // namespace forebay::cli
