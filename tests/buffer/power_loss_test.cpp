// Power loss by the journals' file seam: what commit() said is safe at level `power` is found after the restart,
// whatever the disk made of the rest. The same runs at level `process` lose rows, so that the check is known to see it.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "adoption/adoption.hpp"
#include "sqlite/statement.hpp"
#include "state/state_directory.hpp"
#include "support/pipeline.hpp"
#include "support/simulated_disk.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

using Ticks = std::set<std::int64_t>;

std::uint64_t first_seed() {
  const char* given = std::getenv("FOREBAY_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

std::uint64_t runs() {
  const char* given = std::getenv("FOREBAY_TEST_RUNS");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 60;
}

/// What one run's world is like.
struct World {
  Durability level = Durability::power;
  bool flushes_fail = false;  // now and then
  bool sends = false;         // to a destination that is away now and then; else none
};

struct RunOutcome {
  Ticks tried;         // add() was called
  Ticks acknowledged;  // commit() returned after their add()
  Ticks found;         // by adoption after the restart, or at the destination
  std::vector<std::string> findings;
};

/// One producer at its work until the power goes.
void produce(Pipeline& p, const SimulatedDisk& disk, std::mt19937_64& random, int producer, RunOutcome& out,
             std::mutex& out_mutex) {
  const auto writer = p.store->make_writer(measurements());
  const double commits = std::uniform_real_distribution<double>(0.01, 0.3)(random);
  Ticks unacknowledged;
  for (std::int64_t n = 0; !disk.is_off() && n < 20'000; ++n) {
    const std::int64_t tick = producer * 1'000'000 + n;
    try {
      {
        const std::lock_guard lock(out_mutex);
        out.tried.insert(tick);
      }
      p.add(*writer, "a", tick);
      unacknowledged.insert(tick);
    } catch (const Error&) {
      // Not taken: the disk fails, or the power is gone.
    }
    try {
      if (std::bernoulli_distribution(0.02)(random)) writer->seal(Reason::force_sync);
      if (!std::bernoulli_distribution(commits)(random)) continue;
      writer->commit();
      const std::lock_guard lock(out_mutex);
      out.acknowledged.merge(unacknowledged);
      unacknowledged.clear();
    } catch (const Error&) {
      // Not acknowledged.
    }
  }
}

void adopt_what_is_left(SimulatedDisk& disk, const std::filesystem::path& from, RunOutcome& out) {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  BufferFolder folder = state.create_buffer(Durability::process, "sqlite:x");
  disk.restart(from, folder.path);
  StreamRegistry streams({measurements()});
  const AdoptedBuffer adopted = adopt(std::move(folder), streams);
  out.findings = adopted.findings;
  for (const SegmentPtr& segment : adopted.segments) {
    const RowSet rows = segment->read(1, segment->id.rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t tick = rows.values(i)[1].as_integer();
      REQUIRE(rows.values(i)[5].as_chars() == Measurement("a", tick).values()[5].as_chars());
      out.found.insert(tick);
    }
  }
}

RunOutcome run(std::uint64_t seed, const World& world) {
  std::mt19937_64 random(seed);
  SimulatedDisk disk(random());
  const std::uint64_t operations = std::uniform_int_distribution<std::uint64_t>(1, 150)(random);
  std::mutex faults_mutex;
  std::mt19937_64 faults(random());  // guarded by faults_mutex
  std::atomic<std::uint64_t> done{0};
  disk.before = [&](SimulatedDisk::Op op, const std::filesystem::path& path) {
    if (++done >= operations) disk.cut_power();
    if (disk.is_off()) throw Error(ErrorCode::local, "the power is off");
    const std::lock_guard lock(faults_mutex);
    const bool flush = op == SimulatedDisk::Op::flush || op == SimulatedDisk::Op::flush_folder;
    if (world.flushes_fail && flush && std::bernoulli_distribution(0.1)(faults)) {
      throw Error(ErrorCode::local, "cannot flush " + path.string() + ": Input/output error");
    }
  };
  Limits limits;
  limits.batch_rows_max = std::uniform_int_distribution<std::uint64_t>(3, 80)(random);
  limits.memory_rows_max = std::bernoulli_distribution(0.5)(random) ? 100 : 1'000'000;
  limits.interval = 1h;
  limits.full_policy = FullPolicy::fail;
  RunOutcome out;
  std::mutex out_mutex;
  Pipeline p(limits, world.level, world.sends ? 2 : 0, disk.create_file(), disk.flush_folder());
  const bool away = std::bernoulli_distribution(0.5)(random);
  std::atomic<int> batches{0};
  p.destination->before_write = [&](const Batch&) -> std::optional<Failure> {
    if (away || ++batches % 3 == 0) return Failure{FailureClass::retry_batch, "", "away"};
    return std::nullopt;
  };
  p.scheduler->start();
  {
    std::vector<std::jthread> producers;
    for (int k = 0; k < 2; ++k) {
      producers.emplace_back(
          [&, k, own = std::mt19937_64(random())]() mutable { produce(p, disk, own, k, out, out_mutex); });
    }
  }
  disk.cut_power();  // if it was a quiet run
  p.scheduler->stop();
  if (world.sends && std::filesystem::exists(p.catalog())) {
    SqliteConnection db(p.catalog().string(), SQLITE_OPEN_READONLY);
    try {
      SqliteStatement q(db, "SELECT tick FROM measurements", SqliteStatement::Life::once);
      while (q.step()) out.found.insert(q.column_integer(0));
    } catch (const Error&) {
      // Nothing was ever sent.
    }
  }
  adopt_what_is_left(disk, p.folder(), out);
  return out;
}

Ticks missing(const RunOutcome& out) {
  Ticks lost;
  std::ranges::set_difference(out.acknowledged, out.found, std::inserter(lost, lost.end()));
  return lost;
}

}  // namespace

TEST_CASE("every row that was acknowledged at level power is found after the power was gone", "[threads]") {
  World world;
  world.flushes_fail = GENERATE(false, true);
  world.sends = GENERATE(false, true);
  std::uint64_t acknowledged = 0;
  const std::uint64_t first = first_seed();
  const std::uint64_t n = world.sends ? runs() / 4 : runs();
  for (std::uint64_t seed = first; seed < first + n; ++seed) {
    INFO("FOREBAY_TEST_SEED=" << seed << (world.flushes_fail ? ", flushes fail" : "")
                              << (world.sends ? ", sends" : ""));
    const RunOutcome out = run(seed, world);
    acknowledged += out.acknowledged.size();
    const Ticks lost = missing(out);
    INFO(out.acknowledged.size() << " acknowledged, " << lost.size() << " of them lost, the first "
                                 << (lost.empty() ? 0 : *lost.begin()));
    for (const std::string& finding : out.findings) UNSCOPED_INFO(finding);
    REQUIRE(lost.empty());
    REQUIRE(std::ranges::includes(out.tried, out.found));  // and nothing that nobody added
  }
  CHECK(acknowledged > n);  // else this shows nothing
}

TEST_CASE("at level process a power loss takes acknowledged rows, and the check sees it", "[threads]") {
  World world;
  world.level = Durability::process;
  std::size_t lost = 0;
  const std::uint64_t first = first_seed();
  for (std::uint64_t seed = first; seed < first + 20; ++seed) {
    INFO("FOREBAY_TEST_SEED=" << seed);
    const RunOutcome out = run(seed, world);
    lost += missing(out).size();
    REQUIRE(std::ranges::includes(out.tried, out.found));
  }
  CHECK(lost > 0);
}
