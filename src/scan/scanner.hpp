#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scan/contract.hpp"
#include "scan/walker.hpp"

namespace forebay {

/// Runs a walker in each of so many threads, and waits for them; tells the observer of calls that no file system
/// answers. Once the walk is stopped, threads that still wait for one are left behind. Throws what a thread threw
/// first.
void run_threads(int threads, const WalkContext& context,
                 const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer);

/// Absolute canonical forms of the roots, each once, in order. Throws Error(usage) naming the first that is missing,
/// not a directory or unreadable.
std::vector<std::string> check_roots(const std::vector<std::string>& roots);

/// Walks the trees with options.threads threads, each root itself included; symlinks are recorded, not followed.
/// Returns when all is walked, or soon after `stop` became true: a thread whose file system does not answer is left
/// behind then, where it touches nothing of the caller's any more; its consumer is never destroyed. Entries of
/// overlapping roots are seen once per root. `consumer(thread)` is called once in each thread, where its result also
/// dies. What it or the observer throws stops the scan in all threads and is thrown from here.
void scan(const ScanOptions& options, const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer,
          ScanObserver& observer, ScanProgress& progress, const std::atomic<bool>& stop);

}  // namespace forebay
