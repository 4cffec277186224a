#include "support/starts.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "support/sanitizers.hpp"

namespace forebay::test {

static std::atomic<std::size_t> g_starts{0};

std::size_t starts() { return g_starts; }

}  // namespace forebay::test

#ifndef FOREBAY_SANITIZED

/// What the C library has under this name, behind ours.
template <typename Function>
static Function* next_of(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// Ours are found first, by libraries too, as this program exports what they ask for.
extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                   void* argument) noexcept {
  static auto* const next = next_of<decltype(pthread_create)>("pthread_create");
  ++forebay::test::g_starts;
  return next(thread, attributes, routine, argument);
}

pid_t fork() noexcept {
  static auto* const next = next_of<decltype(fork)>("fork");
  ++forebay::test::g_starts;
  return next();
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) noexcept {
  static auto* const next = next_of<decltype(posix_spawn)>("posix_spawn");
  ++forebay::test::g_starts;
  return next(pid, path, actions, attributes, arguments, environment);
}

int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) noexcept {
  static auto* const next = next_of<decltype(posix_spawnp)>("posix_spawnp");
  ++forebay::test::g_starts;
  return next(pid, file, actions, attributes, arguments, environment);
}

int system(const char* command) {
  static auto* const next = next_of<decltype(system)>("system");
  ++forebay::test::g_starts;
  return next(command);
}

FILE* popen(const char* command, const char* mode) {
  static auto* const next = next_of<decltype(popen)>("popen");
  ++forebay::test::g_starts;
  return next(command, mode);
}

}  // extern "C"

#endif
