#include "api/log.hpp"

#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <utility>

namespace forebay {
namespace {

void to_spdlog(LogLevel level, std::string_view line) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::debug("{}", line);
    case LogLevel::info:
      return spdlog::info("{}", line);
    case LogLevel::warning:
      return spdlog::warn("{}", line);
    case LogLevel::error:
      return spdlog::error("{}", line);
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
