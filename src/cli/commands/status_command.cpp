#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <sstream>

#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/commands/status_text.hpp"
#include "cli/interrupt.hpp"
#include "cli/output.hpp"
#include "cli/status_check.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

struct StatusArguments {
  std::string buffer;
  bool json = false;
  bool watch = false;
  bool check = false;
  std::optional<std::string> max_wait;
};

constexpr std::chrono::seconds kWatchInterval{1};
constexpr const char* kFromTheTop = "\033[H\033[2J";

void show(const StatusArguments& a, const std::filesystem::path& state, bool on_terminal) {
  const std::vector<BufferView> buffers = look_at_buffers(state, a.buffer);
  // Put together first: a picture that is redrawn should not be seen half drawn.
  std::ostringstream picture;
  if (a.json) {
    picture << status_json(state, buffers) << '\n';
  } else if (a.watch && !on_terminal) {
    print_status_lines(state, buffers, picture);
  } else {
    print_status(state, buffers, picture, colours_belong(STDOUT_FILENO));
  }

  if (a.watch && on_terminal && !a.json) std::cout << kFromTheTop;
  std::cout << picture.str() << std::flush;
}

int watch(const StatusArguments& a, const std::filesystem::path& state, bool on_terminal) {
  std::mutex mutex;
  std::condition_variable interrupted;
  bool stop = false;
  const Interrupt interrupt(
      [&] {
        const std::lock_guard lock(mutex);
        stop = true;
        interrupted.notify_all();
      },
      [] {});

  for (;;) {
    show(a, state, on_terminal);
    if (!std::cout) return kDone;  // nobody reads it any more: main() says so
    std::unique_lock lock(mutex);
    if (interrupted.wait_for(lock, kWatchInterval, [&] { return stop; })) return kInterrupted;
  }
}

constexpr std::chrono::seconds kMaxWait{3600};
constexpr std::chrono::hours kMaxWaitMax{366 * 24};

CheckResult check(const StatusArguments& a, const CommandContext& context) {
  if (a.json || a.watch)
    throw Error(ErrorCode::usage, "--check prints one line; it does not go with --json or --watch");
  const std::chrono::seconds max_wait = a.max_wait ? parse_seconds("--max-wait", *a.max_wait, kMaxWaitMax) : kMaxWait;
  const std::filesystem::path state = context.start().state_directory();

  std::error_code error;
  if (!std::filesystem::exists(state, error) && !error) {
    // All would be well for ever with a name that is misspelt, or as another user.
    throw Error(ErrorCode::local, "state directory " + state.string() +
                                      " is not there: no forebay of this user has run with it; FOREBAY_STATE_DIR "
                                      "names another");
  }
  return judge(look_at_buffers(state, a.buffer), max_wait);
}

int run_status(const StatusArguments& a, CommandContext& context) {
  if (a.check) return run_check([&] { return check(a, context); });
  if (a.max_wait) throw Error(ErrorCode::usage, "--max-wait needs --check");
  const std::filesystem::path state = context.start().state_directory();

  const char* term = std::getenv("TERM");
  const bool can_redraw = term != nullptr && std::string_view(term) != "dumb";
  const bool on_terminal = can_redraw && ::isatty(STDOUT_FILENO) == 1;
  if (a.watch) return watch(a, state, on_terminal);
  show(a, state, on_terminal);
  return kDone;
}

void add_status_command(CommandSyntax& app) {
  CommandSyntax c = app.subcommand("status", "Show every buffer under the state directory, live or orphaned");
  auto a = std::make_shared<StatusArguments>();
  c.flag("--json", a->json, "Print one JSON object (with --watch, one a line)");
  c.flag("--watch", a->watch, "Look again every second, until Ctrl-C (then the exit status is 130)");
  c.option("--buffer", a->buffer, "Only this one").shown_as("ID");
  c.flag("--check", a->check,
         "For monitoring: one line with figures, and the exit status of a plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 "
         "UNKNOWN");
  c.option("--max-wait", a->max_wait, "With --check: rows that wait for longer are CRITICAL (seconds; default: 3600)")
      .shown_as("S");
  c.examples({"forebay status", "forebay status --watch", "forebay status --json | jq '.buffers[].pending'",
              "forebay status --check --max-wait 900"});
  c.exit_statuses(
      "0 looked, whatever was there · 2 wrong usage · 4 the state directory cannot be read · 130 --watch was ended; "
      "with --check: see there");
  c.action([a](CommandContext& context) { return run_status(*a, context); });
}

const CommandRegistration kStatus(14, add_status_command);

}  // namespace
}  // namespace forebay::cli
