#include "engine/options.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <utility>

#include "config/settings.hpp"
#include "forebay/error.hpp"
#include "forebay/options.hpp"

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

Options options_from_environment(const std::filesystem::path& env_file) {
  SettingsInput input;
  input.env_file = env_file;
  input.environment = process_environment();
  const LogCallback log = one_at_a_time({});
  if (waits_for_writer(env_file)) log(LogLevel::info, waiting_line(env_file));
  const Settings settings = Settings::load(input);
  settings.check();
  for (const std::string& warning : settings.warnings()) log(LogLevel::warning, warning);

  // The command hands PG* lines of a .env on to libpq; a library must not change its host's environment. Without the
  // ones that choose the server, rows would silently go to the embedded catalog.
  if (settings.text("DATABASE_URL").empty()) {
    for (const FileVariable& v : settings.file_variables()) {
      if (v.name == "PGHOST" || v.name == "PGHOSTADDR" || v.name == "PGSERVICE") {
        throw Error(ErrorCode::usage, v.source.place + ": " + v.name +
                                          " in a .env does not reach libpq from within a library; export it, or set "
                                          "DATABASE_URL");
      }
    }
  }
  if (const ChosenDestination chosen = settings.destination(); chosen.embedded_by_default) {
    const bool seen = ::isatty(STDERR_FILENO) == 1;
    log(seen ? LogLevel::info : LogLevel::warning, embedded_default_line(chosen, "Options::destination", seen));
  }
  return settings.to_options();
}

}  // namespace forebay
