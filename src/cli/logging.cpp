#include "cli/logging.hpp"

#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cli/log_file.hpp"
#include "cli/output.hpp"

namespace forebay::cli {
namespace {

constexpr const char* kTimePattern = "%Y-%m-%dT%H:%M:%S.%e%z";

/// One JSON object a line: {"time", "level", "message"}.
class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(message, time);
    nlohmann::ordered_json event;
    event["time"] = std::string(time.data(), time.size());
    const auto level = spdlog::level::to_string_view(message.level);
    event["level"] = std::string(level.data(), level.size());
    event["message"] = std::string(message.payload.data(), message.payload.size());
    const std::string line = event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }

 private:
  spdlog::pattern_formatter time_{kTimePattern, spdlog::pattern_time_type::local, ""};
};

/// What LogFile says of itself goes to stderr, after the line that made it say so.
class LogFileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LogFileSink(const std::filesystem::path& path) : file_(path) {}
  std::optional<std::string> take_trouble() {
    const std::lock_guard lock(mutex_);
    return std::exchange(trouble_, std::nullopt);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (auto trouble = file_.write({line.data(), line.size()})) trouble_ = std::move(trouble);
  }
  void flush_() override {}

 private:
  LogFile file_;
  std::optional<std::string> trouble_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

std::mutex line_mutex;                               // one line, or one change of neighbour, at a time
LogNeighbour* neighbour = nullptr;                   // guarded by line_mutex
LogFormat format_on_stderr = LogFormat::text;        // set before threads start
std::shared_ptr<LogFileSink> file_sink;              // set before threads start; null: no file
std::shared_ptr<spdlog::logger> logger_of_the_file;  // of it alone

void tell_trouble_of_the_file() {
  const auto trouble = file_sink != nullptr ? file_sink->take_trouble() : std::nullopt;
  if (!trouble) return;
  spdlog::logger on_stderr("forebay", spdlog::default_logger_raw()->sinks().front());
  on_stderr.warn("{}", safe_line(*trouble));
}

}  // namespace

void start_logging(const LogOptions& options) {
  const auto console = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
      colours_belong(STDERR_FILENO) && options.format == LogFormat::text ? spdlog::color_mode::always
                                                                         : spdlog::color_mode::never);

  std::vector<spdlog::sink_ptr> sinks{console};
  file_sink = options.file.empty() ? nullptr : std::make_shared<LogFileSink>(options.file);
  if (file_sink != nullptr) sinks.push_back(file_sink);
  const auto logger = std::make_shared<spdlog::logger>("forebay", sinks.begin(), sinks.end());
  logger_of_the_file = file_sink != nullptr ? std::make_shared<spdlog::logger>("forebay", sinks.back()) : nullptr;

  for (const auto& sink : sinks) {  // the two loggers share one
    if (options.format == LogFormat::json) {
      sink->set_formatter(std::make_unique<JsonFormatter>());
    } else {
      sink->set_pattern(std::string(kTimePattern) + " %^%l%$ %v");
    }
  }

  for (const auto& each : {logger, logger_of_the_file}) {
    if (each == nullptr) continue;
    each->set_level(to_spdlog(options.level));
    each->flush_on(spdlog::level::debug);
  }

  format_on_stderr = options.format;
  spdlog::set_default_logger(logger);
}

void warnings_only_on_stderr() {
  const auto& console = spdlog::default_logger_raw()->sinks().front();
  if (console->level() < spdlog::level::warn) console->set_level(spdlog::level::warn);
}

void log_line(LogLevel level, std::string_view message) {
  const std::string line = safe_line(message);
  const std::lock_guard lock(line_mutex);
  spdlog::logger* logger = spdlog::default_logger_raw();
  if (!logger->should_log(to_spdlog(level))) return;

  LogNeighbour* beside = logger->sinks().front()->should_log(to_spdlog(level)) ? neighbour : nullptr;
  if (beside != nullptr) beside->before_line();
  logger->log(to_spdlog(level), "{}", line);
  tell_trouble_of_the_file();
  if (beside != nullptr) beside->after_line();
}

void report_failure(std::string_view message) {
  if (format_on_stderr == LogFormat::json) return log_line(LogLevel::error, message);
  const std::string line = safe_line(message);

  const std::lock_guard lock(line_mutex);
  if (neighbour != nullptr) neighbour->before_line();
  std::fprintf(stderr, "forebay: %s\n", line.c_str());
  if (logger_of_the_file != nullptr) logger_of_the_file->error("{}", line);
  tell_trouble_of_the_file();
  if (neighbour != nullptr) neighbour->after_line();
}

LogCallback log_callback() {
  return [](LogLevel level, std::string_view message) { log_line(level, message); };
}

void set_log_neighbour(LogNeighbour* next) {
  const std::lock_guard lock(line_mutex);
  neighbour = next;
}

}  // namespace forebay::cli
