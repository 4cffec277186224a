#include "scan/scanner.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/io.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "scan/directory_opener.hpp"

namespace forebay {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookInterval{250};
constexpr std::chrono::minutes kTellAgain{10};
/// What a stopped walk still waits for a call: a slow disk comes back in that time.
constexpr std::chrono::seconds kLeaveAfter{2};

/// Held by each thread as well: those left behind never give it back.
struct Crew {
  struct Hand {
    AnswerWatch watch;
    Walker* walker = nullptr;  // of the thread; of the one that looks once it gave that up
    bool running = true;
    steady_clock::duration told{};  // the wait that was told last
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<Hand>> hands;  // but for `running`, of the thread that looks
  std::exception_ptr failure;                // guarded by mutex, as `running` is

  bool all_done() const {
    return std::none_of(hands.begin(), hands.end(), [](const auto& hand) { return hand->running; });
  }
};

Unanswered unanswered(const AnswerWatch::Call& call) {
  return {call.path, call.what, std::chrono::duration_cast<std::chrono::seconds>(call.waited)};
}

/// Tells of calls that take long.
void tell(Crew& crew, const WalkContext& context, bool& told) {
  bool any = false;
  for (const auto& hand : crew.hands) {
    if (!hand->running) continue;
    const auto call = hand->watch.unanswered(context.options.tell_unanswered);
    any |= call.has_value();
    if (call && (hand->told == steady_clock::duration{} || call->waited - hand->told >= kTellAgain)) {
      context.observer.unanswered(unanswered(*call));
      hand->told = call->waited;
    } else if (!call) {
      hand->told = {};
    }
  }

  if (told && !any) context.observer.answered();
  told = any;
}

/// Leaves those behind that still run, if no file system answers any of them. Called with the mutex held.
bool leave(Crew& crew, const WalkContext& context) {
  std::vector<std::pair<Crew::Hand*, AnswerWatch::Call>> waiting;
  for (const auto& hand : crew.hands) {
    if (!hand->running) continue;
    auto call = hand->watch.unanswered(kLeaveAfter);
    if (!call) return false;
    waiting.emplace_back(hand.get(), std::move(*call));
  }

  for (auto& [hand, call] : waiting) {
    if (!hand->watch.give_up()) return false;  // it came back just now
    hand->running = false;
    hand->walker->count_up();
    context.progress.unreadable.fetch_add(1, std::memory_order_relaxed);
    context.observer.left_behind(unanswered(call));
  }
  return true;
}

using Consumers = std::function<std::unique_ptr<EntryConsumer>(int thread)>;

/// What one thread does.
void walk(Crew& crew, const WalkContext& context, const Consumers& consumer, int thread) noexcept {
  Crew::Hand& hand = *crew.hands[static_cast<std::size_t>(thread)];
  std::exception_ptr failure;
  try {
    const auto taker = consumer(thread);
    Walker walker(context, *taker, hand.watch);
    hand.walker = &walker;
    walker.run();
  } catch (...) {
    failure = std::current_exception();
    context.queue.finish();
  }

  const std::lock_guard lock(crew.mutex);
  // Moved: the last to let go of it is the caller, who reads it.
  if (failure && !crew.failure) crew.failure = std::move(failure);
  hand.running = false;
  crew.changed.notify_one();
}

/// A thread for each hand. Where no more are to be had the scan goes on with those it has, in the caller's if need be.
void start_threads(const std::shared_ptr<Crew>& crew, const WalkContext& context, const Consumers& consumer) {
  const int threads = static_cast<int>(crew->hands.size());
  const auto leave_out = [&](int thread) {
    context.queue.leave();
    crew->hands[static_cast<std::size_t>(thread)]->running = false;
  };

  int started = 0;
  for (int thread = 0; thread < threads; ++thread) {
    try {
      std::thread([crew, &context, &consumer, thread] { walk(*crew, context, consumer, thread); }).detach();
      ++started;
    } catch (const std::system_error&) {
      if (started == 0) {
        for (int other = 1; other < threads; ++other) leave_out(other);
        return walk(*crew, context, consumer, 0);
      }
      leave_out(thread);
    }
  }
}

/// Until all are done, or those that are not are left behind. What the first of them failed with, if one did.
std::exception_ptr watch(Crew& crew, const WalkContext& context) {
  // An observer that throws each time must not keep the walk from being left.
  const auto look = [&](const auto& what) {
    try {
      what();
    } catch (...) {
      if (!crew.failure) crew.failure = std::current_exception();
      context.queue.finish();
    }
  };

  bool told = false;
  std::unique_lock lock(crew.mutex);
  while (!crew.changed.wait_for(lock, kLookInterval, [&] { return crew.all_done(); })) {
    if (context.stop.load(std::memory_order_relaxed)) context.queue.finish();
    bool left = false;
    look([&] { tell(crew, context, told); });
    look([&] { left = context.queue.finished() && leave(crew, context); });
    if (left) break;
  }
  return std::exchange(crew.failure, nullptr);
}

}  // namespace

void run_threads(int threads, const WalkContext& context,
                 const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer) {
  const auto crew = std::make_shared<Crew>();
  for (int thread = 0; thread < threads; ++thread) crew->hands.push_back(std::make_unique<Crew::Hand>());

  start_threads(crew, context, consumer);
  if (const auto failure = watch(*crew, context)) std::rethrow_exception(failure);
}

namespace {

/// A quarter of what the process may have: the rest is for its files, sockets and journals.
int descriptors_for_directories() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 4, 256));
}

std::string canonical_root(const std::string& root) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::usage,
                "cannot scan '" + printable(root) + "': " + why + "; name a directory that can be read");
  };

  const std::unique_ptr<char, decltype(&std::free)> canonical(::realpath(root.c_str(), nullptr), &std::free);
  if (!canonical) refuse(std::generic_category().message(errno));
  struct stat st {};
  if (::stat(canonical.get(), &st) != 0) refuse(std::generic_category().message(errno));
  if (!S_ISDIR(st.st_mode)) refuse("Not a directory");

  // Opened to see: access() would judge by the real user, and not know of all that can refuse.
  const UniqueFd fd(::open(canonical.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && lacks_descriptors(errno)) end_for_descriptors("open", canonical.get(), errno);
  if (!fd) refuse(std::generic_category().message(errno));
  return canonical.get();
}

}  // namespace

std::vector<std::string> check_roots(const std::vector<std::string>& roots) {
  std::vector<std::string> canonical;
  for (const std::string& root : roots) {
    std::string path = canonical_root(root);
    if (std::find(canonical.begin(), canonical.end(), path) == canonical.end()) canonical.push_back(std::move(path));
  }
  return canonical;
}

void scan(const ScanOptions& options, const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer,
          ScanObserver& observer, ScanProgress& progress, const std::atomic<bool>& stop) {
  const int threads = std::max(1, options.threads);
  const Excludes excludes(options.exclude_globs);
  EntryStat entry_stat([&](const std::string& why) { observer.statx_refused(why); });
  const OwnFiles own_files(options.own_paths, entry_stat);
  OwnerNames owner_names;
  DescriptorBudget budget(descriptors_for_directories());
  WorkQueue queue(threads);

  for (const std::string& root : options.roots) {
    queue.give({Work::Kind::root, new Directory(root), {}, {}, {}});
  }

  const WalkContext context{options,  excludes,   own_files,   observer, stop,
                            progress, entry_stat, owner_names, budget,   queue};
  run_threads(threads, context, consumer);
}

}  // namespace forebay
