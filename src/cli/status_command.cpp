#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <sstream>

#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/output.hpp"
#include "cli/status_text.hpp"

namespace forebay::cli {
namespace {

struct StatusArguments {
  std::string buffer;
  bool json = false;
  bool watch = false;
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

int run_status(const StatusArguments& a, CommandContext& context) {
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
  c.examples({"forebay status", "forebay status --watch", "forebay status --json | jq '.buffers[].pending_files'"});
  c.action([a](CommandContext& context) { return run_status(*a, context); });
}

const CommandRegistration kStatus(14, add_status_command);

}  // namespace
}  // namespace forebay::cli
