// A dead buffer's checkpoint back into its journals, and checkpoints of orphans.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "adoption/adoption.hpp"
#include "buffer/segment.hpp"
#include "checkpoint/fixtures.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/orphan.hpp"
#include "checkpoint/sources.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "support/die_at.hpp"

namespace forebay::test {
namespace {

/// A buffer of a dead process, locked by us, and the folder of its checkpoints.
struct OrphanWithCheckpoints {
  explicit OrphanWithCheckpoints(Durability durability = Durability::memory)
      : state(dir / "state"),
        checkpoints(dir / "checkpoints"),
        folder(state.create_buffer(durability, "sqlite:/x", checkpoints)),
        id(folder.manifest.buffer) {}

  CheckpointOrigin origin() const { return checkpoint_origin(folder.manifest, state.path()); }
  void journal(std::uint64_t segment, std::uint64_t rows, int replacement = 0, bool finished = true) const {
    JournalWriter writer(create_posix_file, folder.path / journal_name(segment, replacement),
                         {id, segment, measurements(), {}});
    const RowSet all = measured_rows(rows);
    for (std::size_t i = 0; i < all.size(); ++i) writer.append(all.row(i).version, all.values(i));
    if (finished) {
      writer.finish();
    } else {
      writer.commit();
    }
  }
  std::vector<std::string> journals() const {
    std::vector<std::string> names;
    for (const std::string& name : names_in(folder.path)) {
      if (name.find(".journal") != std::string::npos) names.push_back(name);
    }
    return names;
  }
  bool is_marked() const { return std::filesystem::exists(folder.path / kJournalsCompleteName); }

  TemporaryDirectory dir;
  StateDirectory state;
  std::filesystem::path checkpoints;
  BufferFolder folder;
  std::string id;
};

using FileNames = std::vector<std::string>;

TEST_CASE("a dead buffer's newest checkpoint becomes its journals, once") {
  OrphanWithCheckpoints orphan;
  small_checkpoint(orphan.checkpoints, 7, orphan.origin());
  {
    CheckpointWriter writer(orphan.checkpoints, orphan.origin(), CheckpointScope::memory_only);
    writer.add_segment(orphan.id, 3, measurements());
    writer.add_rows(measured_rows(4));
    writer.add_segment(orphan.id, 5, backup_sets_stream());
    RowSet set(6);
    set.begin_row(1, 99);
    for (const Value& v : {Value::integer(1), Value::text("n"), Value(), Value(), Value::timestamp(5), Value()})
      set.push(v);
    writer.add_rows(set);
    writer.add_segment("adopted-by-it", 3, measurements());
    writer.add_rows(measured_rows(2));
    writer.finish();
  }
  small_checkpoint(orphan.checkpoints, 7, some_origin("another"));
  const CheckpointJournals done = journals_from_checkpoint(orphan.folder, orphan.checkpoints);
  CHECK(done.journals == 2);
  CHECK(done.rows == 5);
  CHECK(done.findings.empty());
  CHECK((orphan.journals() == FileNames{"segment-000003.journal", "segment-000005.journal"}));
  const JournalSummary s = JournalReader::summarize(orphan.folder.path / journal_name(3));
  CHECK(s.end == JournalEnd::sealed);
  CHECK(s.rows == 4);
  CHECK(s.header.buffer == orphan.id);
  JournalReader reader(orphan.folder.path / journal_name(3));
  RowSet rows(measurements().columns.size());
  reader.next(rows, 10);
  CHECK(rows.row(3).version == 1004);
  CHECK(rows.values(3)[1].as_integer() == 4);

  // They land and are removed: they must not come back.
  for (const std::string& name : orphan.journals()) std::filesystem::remove(orphan.folder.path / name);
  CHECK(journals_from_checkpoint(orphan.folder, orphan.checkpoints).journals == 0);
  CHECK(orphan.journals().empty());
  CHECK(StateDirectory::remove_buffer(orphan.folder));
}

TEST_CASE("journals that lie there count, unless the checkpoint has more of their segment") {
  OrphanWithCheckpoints orphan;
  {
    CheckpointWriter writer(orphan.checkpoints, orphan.origin());
    for (std::uint64_t segment = 1; segment <= 4; ++segment) {
      writer.add_segment(orphan.id, segment, measurements());
      writer.add_rows(measured_rows(10));
    }
    writer.finish();
  }
  orphan.journal(1, 10);
  orphan.journal(2, 6, 0, false);  // killed while it was evicted
  orphan.journal(7, 3);            // evicted after the checkpoint
  std::ofstream(orphan.folder.path / (journal_name(3) + ".damaged")) << "set aside before";
  std::ofstream(orphan.folder.path / (journal_name(4) + ".from-checkpoint")) << "left by a killed adopter";
  CHECK(journals_from_checkpoint(orphan.folder, orphan.checkpoints).journals == 3);
  CHECK((orphan.journals() == FileNames{"segment-000001.journal", "segment-000002.1.journal", "segment-000002.journal",
                                        "segment-000003.1.journal", "segment-000003.journal.damaged",
                                        "segment-000004.journal", "segment-000007.journal"}));
  StreamRegistry streams({measurements()});
  const AdoptedBuffer adopted = adopt(std::move(orphan.folder), streams);
  CHECK(adopted.rows == 43);
}

TEST_CASE("a damaged newest checkpoint is told, and the good one before it taken") {
  OrphanWithCheckpoints orphan;
  small_checkpoint(orphan.checkpoints, 7, orphan.origin());
  const CheckpointFile newest = small_checkpoint(orphan.checkpoints, 9, orphan.origin());
  REQUIRE(::truncate(newest.path.c_str(), 5000) == 0);
  const CheckpointJournals done = journals_from_checkpoint(orphan.folder, orphan.checkpoints);
  CHECK(done.rows == 7);
  REQUIRE(done.findings.size() == 1);
  CHECK_THAT(done.findings[0], Catch::Contains(newest.path) && Catch::Contains("cut short"));
}

TEST_CASE("without a checkpoint, or with one whose folder others may write to, the journals are all there is") {
  OrphanWithCheckpoints orphan;
  orphan.journal(1, 3);
  std::filesystem::create_directory(orphan.checkpoints);
  std::filesystem::permissions(orphan.checkpoints, std::filesystem::perms::all);
  const CheckpointJournals refused = journals_from_checkpoint(orphan.folder, orphan.checkpoints);
  REQUIRE(refused.findings.size() == 1);
  CHECK_THAT(refused.findings[0], Catch::Contains("others may write to it"));
  CHECK_FALSE(orphan.is_marked());
  std::filesystem::remove(orphan.checkpoints);
  CHECK(journals_from_checkpoint(orphan.folder, orphan.checkpoints).findings.empty());
  CHECK(orphan.is_marked());
  CHECK(orphan.journals().size() == 1);
}

TEST_CASE("killed at any step and repeated, a checkpoint becomes the same journals", "[threads]") {
  const char* point = GENERATE("a journal from a checkpoint has not its name yet",
                               "journals from a checkpoint are not marked as complete yet");
  for (int time = 1; time <= 3; ++time) {
    CAPTURE(point, time);
    OrphanWithCheckpoints orphan;
    {
      CheckpointWriter writer(orphan.checkpoints, orphan.origin());
      for (std::uint64_t segment = 1; segment <= 3; ++segment) {
        writer.add_segment(orphan.id, segment, measurements());
        writer.add_rows(measured_rows(10 * segment));
      }
      writer.finish();
    }
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      die_at(point, time);
      journals_from_checkpoint(orphan.folder, orphan.checkpoints);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    journals_from_checkpoint(orphan.folder, orphan.checkpoints);
    CHECK(
        (orphan.journals() == FileNames{"segment-000001.journal", "segment-000002.journal", "segment-000003.journal"}));
    CHECK(orphan.is_marked());
    StreamRegistry streams({measurements()});
    CHECK(adopt(std::move(orphan.folder), streams).rows == 60);
  }
}

TEST_CASE("a checkpoint of an orphan holds every row of its journals, and leaves them as they are") {
  OrphanWithCheckpoints orphan(Durability::process);
  orphan.journal(1, 6000);
  orphan.journal(2, 5, 0, false);
  orphan.journal(2, 9, 1);  // the replacement is fuller
  orphan.journal(3, 0);
  const auto before = names_in(orphan.folder.path);
  const OrphanCheckpoint made = checkpoint_of_orphan(orphan.folder, orphan.state.path(), orphan.checkpoints);
  REQUIRE(made.file);
  CHECK(made.file->rows == 6009);
  CHECK_FALSE(made.incomplete);
  auto after = names_in(orphan.folder.path);
  CHECK(std::erase(after, "checkpoint-number") == 1);
  CHECK(after == before);
  CheckpointReader reader(made.file->path);
  reader.verify();
  CHECK(reader.info().origin.buffer == orphan.id);
  CHECK(reader.info().origin.host == host_name());
  CHECK(reader.info().origin.pid == ::getpid());
  CHECK(reader.info().missing.empty());
  CheckpointSegment s;
  REQUIRE(reader.next_segment(s));
  CHECK(s.rows == 6000);
  CHECK(reader.read(s, 5999, 6000).values(1)[1].as_integer() == 6000);
}

TEST_CASE("a checkpoint of an orphan at level memory has the rows of its last checkpoint too") {
  OrphanWithCheckpoints orphan;
  {
    CheckpointWriter writer(orphan.checkpoints, orphan.origin(), CheckpointScope::memory_only);
    writer.add_segment(orphan.id, 2, measurements());
    writer.add_rows(measured_rows(10));
    writer.finish();
  }
  orphan.journal(1, 5);
  const OrphanCheckpoint made = checkpoint_of_orphan(orphan.folder, orphan.state.path(), orphan.dir / "elsewhere");
  REQUIRE(made.file);
  CHECK(made.file->rows == 15);
}

TEST_CASE("a checkpoint of an orphan with damage says that it lacks rows, and never stands in for another") {
  OrphanWithCheckpoints orphan(Durability::process);
  orphan.journal(1, 100);
  orphan.journal(2, 10);
  {
    std::fstream damaged(orphan.folder.path / journal_name(1), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(3000);
    damaged.write("XXXX", 4);
  }
  const OrphanCheckpoint made = checkpoint_of_orphan(orphan.folder, orphan.state.path(), orphan.checkpoints);
  REQUIRE(made.file);
  CHECK(made.incomplete);
  CHECK(made.file->rows > 20);
  CHECK(made.file->rows < 110);
  REQUIRE(made.findings.size() == 1);
  CHECK_THAT(CheckpointReader(made.file->path).info().missing, Catch::Contains("is damaged at byte"));
  CHECK((orphan.journals() == FileNames{"segment-000001.journal", "segment-000002.journal"}));
}

TEST_CASE("an orphan that holds no rows gets no checkpoint") {
  const OrphanWithCheckpoints orphan;
  CHECK_FALSE(checkpoint_of_orphan(orphan.folder, orphan.state.path(), orphan.checkpoints).file);
  CHECK_FALSE(std::filesystem::exists(orphan.checkpoints));
}

}  // namespace
}  // namespace forebay::test
