// Checkpoints that were cut or altered: never a crash, and never accepted with other rows (FAULTS 20, 21).

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/io.hpp"
#include "checkpoint/fixtures.hpp"
#include "checkpoint/folder.hpp"
#include "forebay/error.hpp"

namespace forebay::test {
namespace {

/// All of a checkpoint if it is accepted, else nothing.
std::string accepted(const std::filesystem::path& file) {
  try {
    CheckpointReader reader(file);
    reader.verify();
    return everything_in(reader);
  } catch (const Error& e) {
    return std::string(e.what()).empty() ? "refused without a reason" : std::string();
  }
}

void write_byte(const std::filesystem::path& file, std::size_t at, char byte) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(fd.get(), &byte, 1, static_cast<off_t>(at)) == 1);
}

TEST_CASE("a checkpoint cut at any offset is refused") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints", 20);
  for (std::uint64_t size = file.bytes; size-- > 0;) {
    REQUIRE(::truncate(file.path.c_str(), static_cast<off_t>(size)) == 0);
    const std::string why = refusal_of(file.path);
    if (why.find("is damaged: it is") == std::string::npos) FAIL("cut to " << size << " bytes: " << why);
  }
}

TEST_CASE("a checkpoint with any byte flipped is refused or holds the same rows", "[long]") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints", 20);
  const std::string original = bytes_of(file.path);
  const std::string rows = accepted(file.path);
  REQUIRE_FALSE(rows.empty());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < original.size(); ++at) {
    const int mask = at % 2 == 0 ? 0xff : 1 << (at / 2 % 8);  // all bits, or one
    write_byte(file.path, at, static_cast<char>(original[at] ^ mask));
    const std::string now = accepted(file.path);
    if (now.empty()) {
      ++refused;
    } else if (now != rows) {
      FAIL("with byte " << at << " flipped it is accepted with other rows");
    }
    write_byte(file.path, at, original[at]);
  }
  CHECK(accepted(file.path) == rows);
  // Room in pages that nothing uses is not looked at; what is used has a few kB.
  CHECK(refused > 2500);
}

TEST_CASE("pages that are zeroed, swapped or repeated are refused") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints", 500);
  const std::string original = bytes_of(file.path);
  constexpr std::size_t kPage = 4096;
  const std::size_t pages = original.size() / kPage;
  REQUIRE(pages > 8);
  const auto try_it = [&](const std::string& bytes) {
    std::ofstream(file.path, std::ios::binary | std::ios::trunc) << bytes;
    return accepted(file.path);
  };
  for (std::size_t a = 0; a < pages; ++a) {
    std::string zeroed = original;
    zeroed.replace(a * kPage, kPage, kPage, '\0');
    CHECK(try_it(zeroed).empty());
    for (std::size_t b = 0; b < a; ++b) {
      std::string swapped = original;
      swapped.replace(a * kPage, kPage, original, b * kPage, kPage);
      CHECK(try_it(swapped).empty());  // b twice
      swapped.replace(b * kPage, kPage, original, a * kPage, kPage);
      CHECK(try_it(swapped).empty());
    }
  }
}

TEST_CASE("bytes behind the end of a checkpoint are not taken for part of it") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints");
  std::ofstream(file.path, std::ios::binary | std::ios::app) << std::string(4096, '\0');
  CHECK_THAT(refusal_of(file.path), Catch::Contains("4096 bytes follow after its end"));
}

TEST_CASE("a checkpoint of a newer format is refused and kept") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints");
  {
    SqliteConnection db(file.path);
    db.exec("PRAGMA user_version = 2; CREATE TABLE of_the_future(x)");
  }
  const std::string before = bytes_of(file.path);
  try {
    const CheckpointReader reader(file.path);
    FAIL("it was read");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::not_built_yet);
    CHECK_THAT(e.what(), Catch::Contains("needs a newer forebay") && Catch::Contains(file.path));
  }
  CHECK(bytes_of(file.path) == before);
}

TEST_CASE("what is no checkpoint is refused by its kind, without waiting") {
  const TemporaryDirectory dir;
  const CheckpointFile good = small_checkpoint(dir / "checkpoints");
  const auto fifo = dir / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto link = dir / "link";
  std::filesystem::create_symlink(good.path, link);
  SqliteConnection(dir / "other.db").exec("CREATE TABLE t(x)");
  CHECK_THAT(refusal_of(fifo), Catch::Contains("a FIFO"));
  CHECK_THAT(refusal_of(link), Catch::Contains("a symlink; name the file"));
  CHECK_THAT(refusal_of(dir.path()), Catch::Contains("a directory"));
  CHECK_THAT(refusal_of("/dev/zero"), Catch::Contains("a device"));
  CHECK_THAT(refusal_of(dir / "none"), Catch::Contains("No such file"));
  CHECK_THAT(refusal_of(dir / "other.db"), Catch::Contains("SQLite file of something else"));
  CHECK_THAT(refusal_of(dir.write("text", "not a database")), Catch::Contains("does not begin as a SQLite file"));
  CHECK_THAT(refusal_of(dir.write("empty", "")), Catch::Contains("it is empty"));
}

TEST_CASE("reading a checkpoint writes nothing beside it and believes nothing that lies there") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints");
  const std::string before = bytes_of(file.path);
  // A hot journal and a SQLite WAL, as an attacker would put them: an ordinary open would play them back.
  const std::string journal = std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8) + std::string(4096, '\1');
  for (const char* end : {"-journal", "-wal", "-shm"}) std::ofstream(file.path + end, std::ios::binary) << journal;
  const auto names = names_in(dir / "checkpoints");
  REQUIRE(names.size() == 4);
  {
    CheckpointReader reader(file.path);
    reader.verify();
    CHECK_FALSE(everything_in(reader).empty());
  }
  CHECK(names_in(dir / "checkpoints") == names);
  CHECK(bytes_of(file.path) == before);
  CHECK(bytes_of(file.path + "-journal") == journal);
  CHECK(bytes_of(file.path + "-wal") == journal);
}

TEST_CASE("a checkpoint is read from a read-only folder and by a reader who may not write it", "[root]") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints");
  REQUIRE(::chmod(file.path.c_str(), 0400) == 0);
  REQUIRE(::chmod((dir / "checkpoints").c_str(), 0500) == 0);
  CHECK(refusal_of(file.path).empty());
  REQUIRE(::chmod((dir / "checkpoints").c_str(), 0700) == 0);
}

TEST_CASE("where the newest checkpoint is damaged, an older good one of its buffer is named") {
  const TemporaryDirectory dir;
  const CheckpointFile first = small_checkpoint(dir / "checkpoints");
  const CheckpointFile second = small_checkpoint(dir / "checkpoints");
  small_checkpoint(dir / "checkpoints", 3, some_origin("another-buffer"));
  const CheckpointFile third = small_checkpoint(dir / "checkpoints");
  REQUIRE(::truncate(third.path.c_str(), 5000) == 0);
  CHECK(older_good_checkpoint(third.path) == std::filesystem::path(second.path));
  std::ofstream(second.path, std::ios::binary | std::ios::trunc) << "gone";
  CHECK(older_good_checkpoint(third.path) == std::filesystem::path(first.path));
  CHECK_FALSE(older_good_checkpoint(first.path));
  CHECK(older_good_advice(first.path).empty());
  CHECK(older_good_advice(third.path) == "; an older good one of the same buffer is " + first.path);
  std::vector<std::string> findings;
  CHECK(newest_good_checkpoint(dir / "checkpoints", kBufferId, 0, findings) == std::filesystem::path(first.path));
  REQUIRE(findings.size() == 2);
  const std::vector<ListedCheckpoint> listed = list_checkpoints(dir / "checkpoints");
  CHECK(listed.size() == 4);
  CHECK(std::count_if(listed.begin(), listed.end(), [](const auto& c) { return !c.problem.empty(); }) == 2);
}

}  // namespace
}  // namespace forebay::test
