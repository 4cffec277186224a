#include "engine/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <utility>

namespace forebay {
namespace {

void to_spdlog(LogLevel level, std::string_view line) {
  // One of our own, on stderr: the default logger is the host program's, and writes to stdout.
  static spdlog::logger logger("forebay", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  switch (level) {
    case LogLevel::debug:
      return logger.debug("{}", line);
    case LogLevel::info:
      return logger.info("{}", line);
    case LogLevel::warning:
      return logger.warn("{}", line);
    case LogLevel::error:
      return logger.error("{}", line);
  }
}

}  // namespace

LogCallback one_at_a_time(LogCallback callback) {
  if (!callback) return to_spdlog;  // thread-safe itself
  return
      [mutex = std::make_shared<std::mutex>(), callback = std::move(callback)](LogLevel level, std::string_view line) {
        const std::lock_guard lock(*mutex);
        callback(level, line);
      };
}

}  // namespace forebay
