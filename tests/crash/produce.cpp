#include "crash/produce.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/enum_names.hpp"
#include "crash/crash_rows.hpp"
#include "crash/hook.hpp"
#include "forebay/buffer.hpp"
#include "forebay/recover.hpp"
#include "sqlite/process.hpp"

namespace forebay::crash {
namespace {

Options options_of(const ProcessOptions& given) {
  Options o;
  o.destination = given.destination;
  o.state_directory = given.state;
  o.streams = {own_stream(), hot_stream()};
  o.batch_rows_max = given.batch_rows;
  o.drain_timeout = std::chrono::seconds(given.drain_s);
  o.connect_timeout = std::chrono::milliseconds(given.connect_ms);
  o.statement_timeout = std::chrono::milliseconds(given.statement_ms);
  o.recover = given.recover;
  o.log = [](LogLevel level, std::string_view line) {
    if (level >= LogLevel::warning) std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  return o;
}

/// One producer thread: two writers, and the log of what they did.
class Producer {
 public:
  Producer(const ProduceOptions& options, Buffer& buffer, SharedLog& log, std::uint64_t thread)
      : options_(options),
        log_(log),
        random_(options.seed * 1000 + thread),
        own_(claim(2 * thread, "p" + std::to_string(options.process) + "/t" + std::to_string(thread)),
             buffer.writer(own_stream().name)),
        hot_(claim(2 * thread + 1, kHotSpace), buffer.writer(hot_stream().name)) {}

  void run() {
    std::uint64_t until_commit = draw_group();
    for (std::uint64_t n = 1; n <= options_.rows_max; ++n) {
      add(below(random_, 3) == 0 ? hot_ : own_);
      if (n == options_.throw_at) throw std::runtime_error("a producer thread of the host program fails");
      if (options_.commit_every == 0 || n < until_commit) continue;
      until_commit = n + draw_group();
      commit(own_);
      commit(hot_);
      pause();
    }
    if (options_.commit_every == 0) return;
    commit(own_);
    commit(hot_);
  }

 private:
  struct Way {
    Way(WriterLog& l, Writer w) : log(l), writer(std::move(w)) {}
    WriterLog& log;
    Writer writer;
  };

  WriterLog& claim(std::uint64_t index, const std::string& space) {
    WriterLog& w = log_.header().writer.at(index);
    set_text(w.space, space);
    return w;
  }
  std::uint64_t draw_group() { return 1 + below(random_, 2 * options_.commit_every); }
  void pause() {
    note_idle();
    if (options_.pause_us > 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(below(random_, 2 * options_.pause_us)));
    }
  }

  void add(Way& way) {
    const std::uint64_t n = way.log.attempts.load();
    if (n == log_.header().attempts_max) return;
    const std::string payload = make_payload(random_);
    Attempt& attempt = log_.attempt(static_cast<std::size_t>(&way.log - log_.header().writer.data()), n);
    attempt.number = &way == &hot_ ? static_cast<std::int64_t>(below(random_, options_.hot_keys)) : own_number_++;
    attempt.version = way.writer.next_version();
    attempt.hash = hash_of(payload);
    attempt.refused = 0;
    way.log.attempts.store(n + 1);
    const std::array<Value, 4> values = {Value::text(way.log.space.data()), Value::integer(attempt.number),
                                         Value::integer(attempt.version), Value::text(payload)};
    try {
      way.writer.add(attempt.version, values);
    } catch (const Error& e) {
      attempt.refused = 1;
      set_text(log_.header().error, e.what());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // as a host program would, before it goes on
    }
    way.log.added.store(n + 1);
    if (options_.level == "memory") {
      way.log.acknowledged.store(n + 1);
    } else if (options_.commit_every == 0 && attempt.refused == 0) {
      // 1,000 rows are committed together, and a full segment is sealed. Should that fail, it is the next add() that
      // says so: hence one row less.
      const std::uint64_t group = std::min<std::uint64_t>(1000, options_.batch_rows);
      if (n + 1 > group) way.log.acknowledged.store(n + 1 - group);
    }
  }

  void commit(Way& way) {
    try {
      way.writer.commit();
      way.log.acknowledged.store(way.log.added.load());
    } catch (const Error& e) {
      set_text(log_.header().error, e.what());
    }
  }

  const ProduceOptions& options_;
  SharedLog& log_;
  Random random_;
  Way own_, hot_;
  std::int64_t own_number_ = 0;
};

void wait_for_tracer() {
  for (bool traced = false; !traced; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("TracerPid:")) traced = std::stol(line.substr(10)) != 0;
    }
  }
}

/// Makes checkpoints until the producers are done, and notes what was added before each began.
void make_checkpoints(const ProduceOptions& options, Buffer& buffer, SharedLog& log, const std::atomic<int>& running) {
  while (running.load() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(options.checkpoint_ms));
    std::array<std::uint64_t, kWritersMax> before{};
    for (std::size_t i = 0; i < kWritersMax; ++i) before[i] = log.header().writer[i].added.load();
    try {
      buffer.create_checkpoint();
    } catch (const Error& e) {
      set_text(log.header().error, e.what());
      continue;
    }
    for (std::size_t i = 0; i < kWritersMax; ++i) log.header().writer[i].checkpointed.store(before[i]);
    log.header().checkpoints.fetch_add(1);
  }
}

nlohmann::json as_json(const Counts& c) {
  return {{"accepted", c.accepted}, {"synced", c.synced},           {"superseded", c.superseded},
          {"pending", c.pending},   {"quarantined", c.quarantined}, {"lost", c.lost}};
}

int report(const SyncStatus& status, const SyncResult& result) {
  Counts own;
  for (const auto& [name, counts] : status.streams) own += counts;
  const nlohmann::json j = {{"settled", result.settled},
                            {"own", as_json(own)},
                            {"recovered", as_json(status.recovered)},
                            {"damaged_journals", status.damaged_journals},
                            {"buffers_in_use", status.buffers_in_use},
                            {"last_error", result.last_error}};
  std::cout << j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return result.settled ? 0 : 3;
}

/// Static, as threads note their end in it, and the main thread's end comes after main().
SharedLog& open_log(const ProcessOptions& options) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  sqlite_memory_statistics_off();  // as the command does
  static SharedLog log = SharedLog::open(options.log);
  return log;
}

}  // namespace

int run_produce(const ProduceOptions& options) {
  SharedLog& log = open_log(options);
  watch_crash_points(log, options);
  Options o = options_of(options);
  o.durability = durability_of(options.level).value();
  o.interval = std::chrono::milliseconds(options.interval_ms);
  o.connections = static_cast<int>(options.connections);
  o.memory_rows_max = options.memory_rows_max;
  Buffer buffer(o);
  note_idle();
  set_text(log.header().buffer_folder, options.state + "/buffers/" + buffer.get_sync_status().buffer);
  if (options.wait_for_tracer) wait_for_tracer();
  {
    std::vector<Producer> producers;
    for (std::uint64_t t = 0; t < options.threads; ++t) producers.emplace_back(options, buffer, log, t);
    log.header().stage.store(Stage::producing);
    std::atomic<int> running{static_cast<int>(producers.size())};
    std::vector<std::thread> threads;
    for (Producer& p : producers) {
      threads.emplace_back([&p, &running] {
        p.run();
        running.fetch_sub(1);
      });
    }
    if (options.checkpoint_ms > 0) make_checkpoints(options, buffer, log, running);
    for (std::thread& t : threads) t.join();
    log.header().stage.store(Stage::done);
    while (options.then == "hold") ::pause();
  }
  if (options.then == "leave") return 0;
  const SyncResult result = buffer.stop();
  log.header().stage.store(Stage::stopped);
  return report(buffer.get_sync_status(), result);
}

int run_recover(const ProcessOptions& options) {
  SharedLog& log = open_log(options);
  watch_crash_points(log, options);
  RecoverOptions what;
  what.options = options_of(options);
  what.retry_quarantined = options.retry;
  what.give_up = [] {
    note_idle();  // the adoption is over: this thread waits
    return false;
  };
  const RecoverResult result = recover(what);
  log.header().stage.store(Stage::stopped);
  return report(result.status, result.sync);
}

}  // namespace forebay::crash
