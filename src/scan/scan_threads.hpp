#pragma once

#include <functional>
#include <memory>

#include "scan/contract.hpp"
#include "scan/walker.hpp"

namespace forebay {

/// Runs a walker in each of so many threads, and waits for them; tells the observer of calls that no file system
/// answers. Once the walk is stopped, threads that still wait for one are left behind. Throws what a thread threw
/// first.
void run_threads(int threads, const WalkContext& context,
                 const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer);

}  // namespace forebay
