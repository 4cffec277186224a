// The command. Where to read on, in the order of the data: command.hpp (what a command is), ../config/settings.hpp,
// then one file per command: scan_command.cpp is the main job.

#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/io.hpp"
#include "cli/logging.hpp"
#include "cli/parser.hpp"
#include "cli/process_title.hpp"
#include "cli/status_check.hpp"
#include "forebay/error.hpp"

namespace {

using forebay::ErrorCode;
using namespace forebay::cli;

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::not_built_yet:
      return kUsage;
    case ErrorCode::destination:
      return kRowsRemain;
    case ErrorCode::local:
    case ErrorCode::damaged:
    case ErrorCode::full:
    case ErrorCode::stopped:
      break;
  }
  return kLocalFailure;
}

/// What goes wrong before the settings are known is told in the form that was asked for, too.
void start_early_logging(const GlobalOptions& global) {
  start_logging({forebay::LogLevel::info, global.log_format == "json" ? LogFormat::json : LogFormat::text, {}});
}

/// Boost's exceptions are no std::system_error.
std::string unexpected(const std::string& what) {
  if (what.find(std::generic_category().message(EMFILE)) == std::string::npos) return "unexpected: " + what;
  return "not enough file descriptors (" + what + ")" + std::string(forebay::descriptors_advice(EMFILE));
}

int run(int argc, char** argv) {
  std::vector<std::string> given(argv, argv + argc);
  hide_secrets(argc, argv);
  std::vector<char*> arguments;
  arguments.reserve(given.size() + 1);
  for (std::string& argument : given) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  GlobalOptions global;
  ParsedCommand command;
  try {
    command = parse_command_line(argc, arguments.data(), global);
  } catch (const forebay::Error&) {
    start_early_logging(global);
    // A wrong command line must not look like CRITICAL to who reads plugins' exit statuses.
    if (asks_for_check(given)) return run_check([]() -> CheckResult { throw; });
    throw;
  }

  if (!command.action) return command.status;
  start_early_logging(global);
  CommandContext context(global);
  return command.action(context);
}

}  // namespace

int main(int argc, char** argv) {
  int status = kLocalFailure;
  // A reader of our log or output that goes away is no reason to leave rows behind; lost output is told by the status.
  std::signal(SIGPIPE, SIG_IGN);
  // Its own files it can always read and write again, whatever mask a job was started with.
  ::umask(::umask(0) & static_cast<mode_t>(~S_IRWXU));
  // A limit on file sizes is an error of that write, which has a way on, and not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);

  try {
    start_logging({});
    status = run(argc, argv);
  } catch (const forebay::Error& e) {
    report_failure(e.what());
    status = exit_status(e.code());
  } catch (const std::bad_alloc&) {
    report_failure("out of memory; lower MEMORY_DB_MAX_MB");
  } catch (const std::exception& e) {
    report_failure(unexpected(e.what()));
  }

  if (!stdout_is_whole()) {
    report_failure("not all of the output could be written to stdout");
    if (status == kDone) status = kLocalFailure;
  }
  return status;
}
