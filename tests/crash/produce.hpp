#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace forebay::crash {

/// What the process under test is told, by its command line. `visit` names each field once, for both sides.
struct ProcessOptions {
  std::string state;
  std::string log;
  std::string destination;
  std::string die_at;              // a crash point's name; empty: none
  std::uint64_t die_pass = 1;      // of that point, by any thread
  std::uint64_t die_later_us = 0;  // then so much later, while all threads go on
  std::uint64_t seed = 1;
  std::uint64_t delay_us = 0;  // that each batch waits before its rows are sent, on average
  std::uint64_t batch_rows = 100;
  std::uint64_t drain_s = 20;
  std::uint64_t connect_ms = 10'000;
  std::uint64_t statement_ms = 60'000;
  bool recover = true;
  bool retry = false;  // a recovery: also what is in quarantine
  bool wait_for_tracer = false;

  template <typename Visitor>
  void visit(Visitor&& f) {
    f("state", state), f("log", log), f("destination", destination), f("die-at", die_at), f("die-pass", die_pass);
    f("die-later-us", die_later_us);
    f("seed", seed), f("delay-us", delay_us), f("batch-rows", batch_rows), f("drain-s", drain_s);
    f("connect-ms", connect_ms), f("statement-ms", statement_ms);
    f("recover", recover), f("retry", retry), f("wait-for-tracer", wait_for_tracer);
  }
};

struct ProduceOptions : ProcessOptions {
  std::string level = "process";
  std::uint64_t process = 1;  // numbers the key spaces of its writers: another one for each process of a round
  std::uint64_t threads = 2;
  std::uint64_t rows_max = 2000;  // per thread
  std::uint64_t interval_ms = 50;
  std::uint64_t commit_every = 20;  // rows between two commit()s, on average; 0: the rule of 1,000 rows alone
  std::uint64_t pause_us = 200;     // between two commits, on average
  std::uint64_t connections = 2;
  std::uint64_t hot_keys = 20;
  std::uint64_t memory_rows_max = 100'000;
  std::uint64_t checkpoint_ms = 0;  // between two create_checkpoint(); 0: none
  std::uint64_t throw_at = 0;       // a producer thread throws after so many rows; 0: never
  std::string then = "hold";        // when all is added: hold (wait for the kill), stop (drain), leave (do not)

  template <typename Visitor>
  void visit(Visitor&& f) {
    ProcessOptions::visit(f);
    f("level", level), f("process", process), f("threads", threads), f("rows-max", rows_max);
    f("interval-ms", interval_ms), f("commit-every", commit_every), f("pause-us", pause_us);
    f("connections", connections), f("hot-keys", hot_keys), f("memory-rows-max", memory_rows_max);
    f("checkpoint-ms", checkpoint_ms), f("throw-at", throw_at), f("then", then);
  }
};

inline std::string as_text(const std::string& v) { return v; }
inline std::string as_text(std::uint64_t v) { return std::to_string(v); }
inline std::string as_text(bool v) { return v ? "true" : "false"; }

template <typename Options>
std::vector<std::string> to_arguments(const std::string& mode, Options options) {
  std::vector<std::string> arguments{mode};
  options.visit([&](const char* name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
      if (value.empty()) return;
    }
    arguments.push_back("--" + std::string(name));
    arguments.push_back(as_text(value));
  });
  return arguments;
}

/// The two processes under test. They return the exit status, unless they are killed.
int run_produce(const ProduceOptions& options);
int run_recover(const ProcessOptions& options);

}  // namespace forebay::crash
