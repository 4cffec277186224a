#include "faults/fault_round.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <thread>

#include "crash/crash_rows.hpp"
#include "crash/round.hpp"
#include "faults/trouble.hpp"
#include "support/places.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

using crash::below;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

template <std::size_t N>
std::uint64_t one_of(crash::Random& random, const std::array<std::uint64_t, N>& choices) {
  return choices[below(random, N)];
}

/// As make_postgres_view() wrote it into its URLs.
std::string schema_of(const std::string& url) {
  const std::string before = "search_path%3D";
  const std::size_t at = url.find(before) + before.size();
  return url.substr(at, url.find('&', at) - at);
}

struct Event {
  milliseconds at;
  std::function<void()> happens;
};

std::string describe(const FaultPlan& plan, const std::vector<Trouble>& all) {
  std::string text = "seed " + std::to_string(plan.seed) + ": produce";
  for (const std::string& a : to_arguments("", plan.producer)) text += a.empty() ? "" : " " + a;
  for (const PlannedTrouble& p : plan.troubles) {
    text += "; " + std::string(all[p.which].name) + " from " + std::to_string(p.begin.count()) + " to " +
            std::to_string(p.end.count()) + " ms";
  }
  if (plan.kill_at) text += "; killed at " + std::to_string(plan.kill_at->count()) + " ms";
  return text + "\n";
}

class Round {
 public:
  Round(PrivatePostgres& server, const FaultRoundOptions& options)
      : options_(options),
        proxy_(server.socket()),
        site_(crash_binary(), folder_.path(),
              crash::make_postgres_view(server.url("&user=oracle"), proxy_.url("&user=" + std::string(kTroubledRole)))),
        troubles_(make_troubles(server, proxy_, schema_of(site_.view().url(0)))),
        plan_(make_fault_plan(options.seed, troubles_.size())) {
    if (options.only.empty()) return;
    const auto it =
        std::find_if(troubles_.begin(), troubles_.end(), [&](const Trouble& t) { return t.name == options.only; });
    if (it == troubles_.end()) throw std::logic_error("no trouble is called " + options.only);
    plan_.troubles = {{static_cast<std::size_t>(it - troubles_.begin()), milliseconds(0), milliseconds(1500), 0}};
    plan_.kill_at.reset();
  }

  FaultRoundResult run() {
    try {
      site_.begin();
      crash::Site::Running producer = site_.start_producer(plan_.producer);
      const auto patience = steady_clock::now() + std::chrono::seconds(10);
      while (producer.log.acknowledged_rows() == 0 && !producer.child.ended() && steady_clock::now() < patience)
        std::this_thread::sleep_for(milliseconds(1));
      const std::uint64_t before = producer.log.acknowledged_rows();
      misbehave(producer);
      result_.acknowledged_in_fault = producer.log.acknowledged_rows() - before;
      if (result_.killed) {
        site_.bury(producer);
      } else {
        site_.finish(producer);
      }
      recover(false);
      if (options_.send_refused_again) recover(true);
      result_.verdict = site_.judge_round();
    } catch (const std::exception& e) {
      result_.verdict.violations.push_back(std::string("harness: ") + e.what());
    }
    result_.complained = !site_.said().empty();
    if (!result_.verdict.violations.empty()) result_.story = describe(plan_, troubles_) + site_.said();
    return std::move(result_);
  }

 private:
  void misbehave(crash::Site::Running& producer) {
    std::vector<Event> events;
    std::vector<const Trouble*> last;
    for (const PlannedTrouble& p : plan_.troubles) {
      const Trouble& trouble = troubles_[p.which];
      events.push_back({p.begin, [this, &trouble, &p] {
                          if (trouble.begin(p.draw)) result_.troubles.emplace_back(trouble.name);
                        }});
      if (trouble.settle) {
        last.push_back(&trouble);
        events.push_back({p.end, [] {}});
      } else {
        events.push_back({p.end, trouble.end});
      }
    }
    if (plan_.kill_at) {
      events.push_back({*plan_.kill_at, [this, &producer] {
                          producer.child.kill_and_reap();
                          result_.killed = true;
                        }});
    }
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    const auto start = steady_clock::now();
    for (const Event& e : events) {
      std::this_thread::sleep_until(start + e.at);
      e.happens();
    }
    for (const Trouble* trouble : last) trouble->settle();
    for (const Trouble* trouble : last) trouble->end();
  }

  void recover(bool retry) {
    crash::ProcessOptions options;
    options.connect_ms = plan_.producer.connect_ms;
    options.statement_ms = plan_.producer.statement_ms;
    options.retry = retry;
    crash::Site::Running running = site_.start_recovery(options);
    site_.finish(running);
  }

  const FaultRoundOptions options_;
  TemporaryDirectory folder_;
  TcpProxy proxy_;
  crash::Site site_;
  std::vector<Trouble> troubles_;
  FaultPlan plan_;
  FaultRoundResult result_;
};

}  // namespace

FaultPlan make_fault_plan(std::uint64_t seed, std::size_t troubles) {
  crash::Random random(seed);
  FaultPlan plan;
  plan.seed = seed;
  crash::ProduceOptions& o = plan.producer;
  o.seed = random() % 1'000'000'000;
  o.level = one_of<2>(random, {0, 1}) == 0 ? "process" : "power";
  o.threads = 1 + below(random, 2);
  o.rows_max = 2000 + below(random, 2000);
  o.batch_rows = one_of<4>(random, {30, 100, 300, 2000});
  o.interval_ms = one_of<3>(random, {10, 30, 100});
  o.commit_every = one_of<3>(random, {5, 20, 100});
  o.pause_us = 20 * o.commit_every * (5 + below(random, 20));
  o.connections = 1 + below(random, 2);
  o.memory_rows_max = one_of<2>(random, {100'000, 300});
  o.connect_ms = 500;
  o.statement_ms = 700;
  o.then = "stop";
  const std::uint64_t number = 2 + below(random, 3) / 2;
  milliseconds from{0};
  milliseconds to{0};
  while (plan.troubles.size() < number) {
    PlannedTrouble p;
    p.which = below(random, troubles);
    const bool drawn = std::any_of(plan.troubles.begin(), plan.troubles.end(),
                                   [&](const PlannedTrouble& q) { return q.which == p.which; });
    if (drawn) continue;
    // Each begins while the one before it lasts.
    p.begin = plan.troubles.empty()
                  ? milliseconds(below(random, 100))
                  : from + milliseconds(below(random, static_cast<std::uint64_t>((to - from).count())));
    p.end = p.begin + milliseconds(100 + below(random, 1400));
    p.draw = random();
    from = p.begin;
    to = p.end;
    plan.troubles.push_back(p);
  }
  if (below(random, 3) == 0) plan.kill_at = milliseconds(50 + below(random, 1500));
  return plan;
}

FaultRoundResult run_fault_round(PrivatePostgres& server, const FaultRoundOptions& options) {
  return Round(server, options).run();
}

}  // namespace forebay::test
