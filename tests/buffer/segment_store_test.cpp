#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "journal/reader.hpp"
#include "support/pipeline.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

std::uint64_t journal_rows(const Pipeline& p) {
  std::uint64_t rows = 0;
  for (const auto& path : p.journal_files()) rows += JournalReader::summarize(path).rows;
  return rows;
}

/// A file that fails every write from the moment it is told to.
struct FailingDisk {
  std::atomic<bool> full{false};

  CreateFile create() {
    return [this](const std::filesystem::path& path) -> std::unique_ptr<AppendFile> {
      if (full) throw Error(ErrorCode::local, "cannot create " + path.string() + ": No space left on device");
      return std::make_unique<File>(*this, create_posix_file(path));
    };
  }

  class File final : public AppendFile {
   public:
    File(FailingDisk& disk, std::unique_ptr<AppendFile> real) : disk_(disk), real_(std::move(real)) {}
    void write(std::string_view bytes) override {
      if (disk_.full) {
        real_->write(bytes.substr(0, bytes.size() / 2));  // half of it got there
        throw Error(ErrorCode::local, "cannot write: No space left on device");
      }
      real_->write(bytes);
    }
    void flush() override {}

   private:
    FailingDisk& disk_;
    std::unique_ptr<AppendFile> real_;
  };
};

}  // namespace

TEST_CASE("with the destination away, memory stays within its limit and every row is in a journal", "[threads]") {
  const auto durability = GENERATE(Durability::process, Durability::memory);
  Pipeline p(limits_with(10, 50), durability);
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 1000; ++i) {
    p.add(*writer, "a", i);
    REQUIRE(p.store->accounts().memory_rows <= 60);
  }
  const auto accounts = p.store->accounts();
  CHECK(p.counts().pending == 1000);
  CHECK(accounts.segments == 100);
  CHECK(accounts.disk_bytes > 0);

  p.scheduler->start();  // what was evicted is replayed when its turn comes
  CHECK(p.scheduler->drain(60s, [] { return false; }).settled);
  CHECK(p.landed_rows() == 1000);
  CHECK(p.counts().synced == 1000);
  CHECK(p.store->accounts().memory_rows == 0);
  CHECK(p.journals() == 0);
}

TEST_CASE("a limit below the batch size seals and syncs by the memory limit", "[threads]") {
  Pipeline p(limits_with(1000, 100));
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 500; ++i) p.add(*writer, "a", i);
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.scheduler->state().batches[static_cast<std::size_t>(Reason::memory_limit_reached)] > 0);
  CHECK(p.scheduler->state().batches[static_cast<std::size_t>(Reason::batch_size_reached)] == 0);
  CHECK(p.landed_rows() == 500);
}

TEST_CASE("the byte limit evicts as the row limit does", "[threads]") {
  Limits l = limits_with(100, 1'000'000);
  l.memory_bytes_max = 200'000;
  Pipeline p(l);
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 20'000; ++i) p.add(*writer, "a", i);
  CHECK(p.store->accounts().memory_bytes <= 400'000);
  CHECK(p.counts().pending == 20'000);
}

TEST_CASE("at the disk limit the policy fail refuses the next record, and takes it again when there is room",
          "[threads]") {
  Limits l = limits_with(10, 1'000'000);
  l.disk_bytes_max = 20'000;
  l.full_policy = FullPolicy::fail;
  Pipeline p(l);
  const auto writer = p.store->make_writer(measurements());
  std::uint64_t taken = 0;
  try {
    for (; taken < 100'000; ++taken) p.add(*writer, "a", static_cast<std::int64_t>(taken));
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::full);
    CHECK_THAT(e.what(), Catch::Contains("MEMORY_DB_DISK_MAX_MB"));
  }
  REQUIRE(taken < 1000);
  CHECK(p.counts().accepted == taken);
  p.scheduler->start();
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK_NOTHROW(p.add(*writer, "a", 1'000'000));
  CHECK(p.landed_rows() == static_cast<std::int64_t>(taken));
}

TEST_CASE("at the disk limit the policy wait holds the producer until rows have landed", "[threads]") {
  Limits l = limits_with(10, 1'000'000);
  l.disk_bytes_max = 20'000;
  Pipeline p(l);
  std::atomic<int> added{0};
  std::thread producer([&] {
    const auto writer = p.store->make_writer(measurements());
    for (int i = 0; i < 2000; ++i) {
      p.add(*writer, "a", i);
      ++added;
    }
    p.store->retire_writer(writer);
  });
  while (p.store->accounts().disk_bytes < l.disk_bytes_max) std::this_thread::yield();
  p.scheduler->start();  // nothing landed until now; from here on it does
  producer.join();
  CHECK(added == 2000);
  CHECK(p.scheduler->drain(60s, [] { return false; }).settled);
  CHECK(p.landed_rows() == 2000);
}

TEST_CASE("a producer that waits for room is let go when the buffer stops", "[threads]") {
  Limits l = limits_with(10, 1'000'000);
  l.disk_bytes_max = 5'000;
  Pipeline p(l);
  std::atomic<bool> refused{false};
  std::thread producer([&] {
    const auto writer = p.store->make_writer(measurements());
    try {
      for (int i = 0;; ++i) p.add(*writer, "a", i);
    } catch (const Error& e) {
      refused = e.code() == ErrorCode::stopped;
    }
  });
  while (p.store->accounts().disk_bytes < l.disk_bytes_max) std::this_thread::yield();
  p.store->stop_producers(Reason::end);
  producer.join();
  CHECK(refused);
}

TEST_CASE("a silent producer's row is in the journal within its commit interval", "[threads]") {
  Pipeline p(limits_with(1000, 100'000), Durability::process, 0);
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  p.add(*writer, "a", 1);
  const auto start = std::chrono::steady_clock::now();
  while (p.store->accounts().disk_bytes == 0 && std::chrono::steady_clock::now() - start < 20s)
    std::this_thread::yield();
  CHECK(journal_rows(p) == 1);
}

TEST_CASE("commit returns when the rows are in the journal", "[threads]") {
  Pipeline p(limits_with(1000, 100'000));
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 7; ++i) p.add(*writer, "a", i);
  writer->commit();
  CHECK(journal_rows(p) == 7);
}

TEST_CASE("after a failed write the rows go to a new journal, and the failed one is gone", "[threads]") {
  FailingDisk disk;
  Pipeline p(limits_with(1000, 100'000), Durability::process, 1, disk.create());
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 5; ++i) p.add(*writer, "a", i);
  writer->commit();
  for (int i = 5; i < 10; ++i) p.add(*writer, "a", i);
  disk.full = true;
  CHECK_THROWS_WITH(writer->commit(), Catch::Contains("No space left"));
  CHECK_THROWS_WITH(p.add(*writer, "a", 10), Catch::Contains("No space left"));  // until there is a journal to trust
  disk.full = false;
  p.add(*writer, "a", 10);
  writer->commit();
  CHECK(p.journals() == 1);
  CHECK(journal_rows(p) == 11);
  p.scheduler->start();
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.landed_rows() == 11);
  CHECK(p.journals() == 0);
}

TEST_CASE("commit does not say yes for a sealed segment whose journal could not be written", "[threads]") {
  FailingDisk disk;
  Pipeline p(limits_with(1000, 100'000), Durability::process, 0, disk.create());
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 5; ++i) p.add(*writer, "a", i);
  disk.full = true;
  writer->seal(Reason::force_sync);
  CHECK_THROWS_WITH(writer->commit(), Catch::Contains("No space left"));
  disk.full = false;
  CHECK_NOTHROW(writer->commit());
  CHECK(p.journals() == 1);
  CHECK(journal_rows(p) == 5);
}

TEST_CASE("rows that are in memory land though their journal can't be written", "[threads]") {
  FailingDisk disk;
  Pipeline p(limits_with(10, 100'000), Durability::process, 1, disk.create());
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 5; ++i) p.add(*writer, "a", i);
  disk.full = true;
  CHECK_THROWS(writer->commit());
  p.scheduler->start();
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.landed_rows() == 5);
}

TEST_CASE("values that do not fit the stream are refused at add, and nothing is taken", "[threads]") {
  Pipeline p(limits_with(10, 100));
  const auto writer = p.store->make_writer(measurements());
  const Measurement good("a", 1);
  std::vector<Value> values(good.values().begin(), good.values().end());
  values.pop_back();
  CHECK_THROWS_WITH(writer->add(1, values), Catch::Contains("7 columns, not 6"));
  values.assign(good.values().begin(), good.values().end());
  values[1] = Value::text("one");
  CHECK_THROWS_WITH(writer->add(1, values), Catch::Contains("column tick"));
  values[1] = Value();
  CHECK_THROWS_WITH(writer->add(1, values), Catch::Contains("must not be null"));
  CHECK(p.counts().accepted == 0);
}

TEST_CASE("a forked child is refused and leaves its parent's rows alone", "[threads]") {
  Pipeline p(limits_with(10, 100));
  const auto writer = p.store->make_writer(measurements());
  p.add(*writer, "a", 1);
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      p.add(*writer, "a", 2);
    } catch (const Error& e) {
      status = e.code() == ErrorCode::stopped ? 0 : 2;
    }
    ::_exit(status);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(p.counts().accepted == 1);
}
