#include "crash/plan.hpp"

#include <initializer_list>
#include <iterator>
#include <map>

#include "crash/crash_rows.hpp"

namespace forebay::crash {
namespace {

std::uint64_t one_of(Random& random, std::initializer_list<std::uint64_t> choices) {
  return choices.begin()[below(random, choices.size())];
}

ProduceOptions make_producer(Random& random, const std::string& level, std::uint64_t process) {
  ProduceOptions o;
  o.level = level;
  o.process = process;
  o.seed = random() % 1'000'000'000;
  o.threads = 1 + below(random, 3);
  o.rows_max = 200 + below(random, 1000);
  o.batch_rows = one_of(random, {10, 30, 100, 300, 2000});
  o.interval_ms = one_of(random, {10, 30, 100, 1000});
  o.commit_every = one_of(random, {1, 5, 20, 100, 0});
  o.pause_us = one_of(random, {0, 100, 400});
  // From a destination that keeps up to one that is away.
  o.delay_us = one_of(random, {0, 500, 5'000, 50'000, 5'000'000});
  o.connections = 1 + below(random, 2);
  o.memory_rows_max = one_of(random, {100'000, 150});
  o.checkpoint_ms = level == "memory" ? one_of(random, {3, 10, 30}) : one_of(random, {0, 0, 0, 0, 10});
  return o;
}

bool passes(const CrashPoint& point, const Step& step, bool adopts) {
  const bool sends = point.phase == Phase::copy || point.phase == Phase::commit || point.phase == Phase::removal;
  switch (point.reached) {
    case Reached::producing:
      return !step.recovering || sends;
    case Reached::journalling:
      return !step.recovering && step.options.level != "memory";
    case Reached::flushing:
      return !step.recovering && step.options.level == "power";
    case Reached::adopting:
    case Reached::finishing:
      return adopts;
    case Reached::restoring:
      return adopts && step.options.level == "memory";
    case Reached::evicting:
      return step.options.memory_rows_max < 1000;
    case Reached::checkpointing:
      return step.options.checkpoint_ms > 0;
    case Reached::ending:  // crash_points_test.cpp
    case Reached::after_a_fault:
    case Reached::refusing:
      return false;
  }
  return false;
}

/// Each phase as likely as the others, however many points it has.
const CrashPoint& draw_point(Random& random, const Step& step, bool adopts) {
  std::map<Phase, std::vector<const CrashPoint*>> by_phase;
  for (const CrashPoint& p : kCrashPoints) {
    if (passes(p, step, adopts)) by_phase[p.phase].push_back(&p);
  }
  const auto& points = std::next(by_phase.begin(), static_cast<std::ptrdiff_t>(below(random, by_phase.size())))->second;
  return *points[below(random, points.size())];
}

void draw_moment(Random& random, Step& step, bool adopts) {
  const std::uint64_t how = below(random, 100);
  step.moment.later_us = below(random, 3) == 0 ? below(random, 3000) : below(random, 100);
  if (how < 60) {
    const CrashPoint& point = draw_point(random, step, adopts);
    step.options.die_at = point.name;
    const bool once = point.phase == Phase::start || point.phase == Phase::adoption || point.phase == Phase::checkpoint;
    step.options.die_pass = 1 + below(random, point.phase == Phase::add ? 500 : once ? 2 : 12);
    if (how >= 35) step.options.die_later_us = 1 + below(random, below(random, 3) == 0 ? 3000 : 200);
  } else if (how < 75 || step.recovering) {
    std::vector<Phase> phases = {Phase::copy, Phase::commit, Phase::removal};
    if (!step.recovering) phases.insert(phases.end(), {Phase::group_commit, Phase::seal});
    if (!step.recovering && step.options.level == "power") phases.push_back(Phase::flush);
    if (adopts) phases.insert(phases.end(), {Phase::adoption, Phase::adoption});
    if (step.options.memory_rows_max < 1000) phases.push_back(Phase::evict);
    if (step.options.checkpoint_ms > 0) phases.insert(phases.end(), {Phase::checkpoint, Phase::checkpoint});
    step.moment.phase = phases[below(random, phases.size())];
    step.moment.phase_passes = 1 + below(random, 15);
  } else {
    step.moment.acknowledged_rows = 1 + below(random, step.options.threads * step.options.rows_max);
  }
}

}  // namespace

RoundPlan make_plan(std::uint64_t seed, const std::string& level) {
  Random random(seed);
  RoundPlan plan;
  plan.seed = seed;
  plan.level = level;
  const std::uint64_t shape = below(random, 100);
  const auto producer = [&](bool beside) {
    Step step;
    step.beside = beside;
    step.options = make_producer(random, level, plan.steps.size() + 1);
    draw_moment(random, step, !plan.steps.empty() && !beside);
    plan.steps.push_back(step);
  };
  const auto recovery = [&] {
    Step step;
    step.recovering = true;
    step.options.level = level;
    step.options.seed = random() % 1'000'000'000;
    step.options.delay_us = one_of(random, {0, 500, 5'000});
    step.options.batch_rows = one_of(random, {10, 100, 1000});
    draw_moment(random, step, true);
    plan.steps.push_back(step);
  };
  producer(false);
  if (shape < 15) producer(true);
  if (shape >= 15 && shape < 35) producer(false);
  if (shape >= 25 && shape < 60) recovery();
  if (shape >= 50 && shape < 55) recovery();
  plan.ends_with_producer = below(random, 4) == 0;
  return plan;
}

std::string KillMoment::describe() const {
  std::string text;
  if (acknowledged_rows > 0) text += " at " + std::to_string(acknowledged_rows) + " acknowledged rows";
  if (phase_passes > 0) text += " at pass " + std::to_string(phase_passes) + " of " + std::string(to_string(phase));
  return text + " and " + std::to_string(later_us) + " us";
}

std::string RoundPlan::describe() const {
  std::string text = "seed " + std::to_string(seed) + ", level " + level;
  for (const Step& s : steps) {
    text += s.beside ? "; beside it " : "; then ";
    text += s.recovering ? "recover" : "produce";
    for (const std::string& a : to_arguments("", s.options)) text += a.empty() ? "" : " " + a;
    if (s.options.die_at.empty()) text += ", killed" + s.moment.describe();
  }
  return text + (ends_with_producer ? "; at the end a producer" : "; at the end a recovery");
}

}  // namespace forebay::crash
