// A journal cut at every byte, with each byte changed, and made to be slow to judge: through to what adoption saves.

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <map>

#include "adoption/adoption.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "state/state_directory.hpp"
#include "support/file_bytes.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

constexpr int kJournalRows = 4;

/// A journal of kJournalRows rows, and where its records begin; the last entry is where they end.
struct Journal {
  std::string bytes;
  std::vector<std::size_t> records;
};

Journal journal_of(const std::string& buffer, std::uint64_t segment, bool sealed) {
  Journal j;
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  j.bytes = encode_journal_header({buffer, segment, measurements(), {}}, seed);
  for (int n = 1; n <= kJournalRows; ++n) {
    j.records.push_back(j.bytes.size());
    append_record(j.bytes, 100 + n, Measurement("a", n), seed, digest);
  }
  j.records.push_back(j.bytes.size());
  if (sealed) append_trailer(j.bytes, kJournalRows, digest, seed);
  return j;
}

/// Rows that end at or before the byte.
std::uint64_t rows_before(const Journal& j, std::size_t at) {
  std::uint64_t rows = 0;
  while (rows < kJournalRows && j.records[rows + 1] <= at) ++rows;
  return rows;
}

/// Segment → rows that adoption took over from it, each of them checked against what was written.
std::map<std::uint64_t, std::uint64_t> rows_saved(const AdoptedBuffer& adopted) {
  std::map<std::uint64_t, std::uint64_t> saved;
  for (const SegmentPtr& segment : adopted.segments) {
    const RowSet rows = segment->read(1, segment->id.rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Measurement written("a", static_cast<std::int64_t>(i) + 1);
      REQUIRE(rows.row(i).version == static_cast<std::int64_t>(101 + i));
      REQUIRE(rows.values(i)[5].as_chars() == written.values()[5].as_chars());
    }
    saved[segment->id.number] = rows.size();
  }
  return saved;
}

}  // namespace

TEST_CASE("of a journal cut at any byte adoption saves every whole row, and removes what held none") {
  const bool sealed = GENERATE(true, false);
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  BufferFolder folder = state.create_buffer(Durability::process, "sqlite:x");
  const std::size_t size = journal_of(folder.manifest.buffer, 1000, sealed).bytes.size();
  const auto number = [](std::size_t cut) { return 1000 + cut; };  // a segment of its own for each cut
  for (std::size_t cut = 0; cut < size; ++cut) {
    const Journal j = journal_of(folder.manifest.buffer, number(cut), sealed);
    write_bytes(folder.path / journal_name(number(cut)), j.bytes.substr(0, cut));
  }
  StreamRegistry streams({measurements()});
  const AdoptedBuffer adopted = adopt(std::move(folder), streams);
  auto saved = rows_saved(adopted);
  for (std::size_t cut = 0; cut < size; ++cut) {
    INFO("cut at byte " << cut);
    const Journal j = journal_of(adopted.folder.manifest.buffer, number(cut), sealed);
    REQUIRE(saved[number(cut)] == rows_before(j, cut));
    const auto path = adopted.folder.path / journal_name(number(cut));
    // Within the header it is no journal any more, and is kept for a person to look at.
    const bool readable = cut >= j.records.front();
    REQUIRE(std::filesystem::exists(path) == (readable && saved[number(cut)] > 0));
    REQUIRE(std::filesystem::exists(path.string() + ".damaged") == (!readable && cut > 0));
  }
}

TEST_CASE("of a journal with any byte changed adoption saves every row before it, and tells of rows behind it") {
  const bool sealed = GENERATE(true, false);
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  BufferFolder folder = state.create_buffer(Durability::process, "sqlite:x");
  const std::size_t header_end = journal_of(folder.manifest.buffer, 1000, sealed).records.front();
  const std::size_t size = journal_of(folder.manifest.buffer, 1000, sealed).bytes.size();
  for (std::size_t at = header_end; at < size; ++at) {
    Journal j = journal_of(folder.manifest.buffer, 1000 + at, sealed);
    j.bytes[at] = static_cast<char>(static_cast<unsigned char>(j.bytes[at]) ^ (at % 2 == 0 ? 0x01U : 0x80U));
    write_bytes(folder.path / journal_name(1000 + at), j.bytes);
  }
  StreamRegistry streams({measurements()});
  const AdoptedBuffer adopted = adopt(std::move(folder), streams);
  auto saved = rows_saved(adopted);
  std::string findings;
  for (const std::string& finding : adopted.findings) (findings += finding) += '\n';
  for (std::size_t at = header_end; at < size; ++at) {
    INFO("byte " << at << " changed");
    const Journal j = journal_of(adopted.folder.manifest.buffer, 1000 + at, sealed);
    const std::uint64_t before = rows_before(j, at);
    REQUIRE(saved[1000 + at] == before);
    const auto name = "/" + journal_name(1000 + at) + " is damaged at byte ";
    // With a whole record or trailer behind it, it is not the tail of a dying writer.
    const bool told = at < j.records.back() && (sealed || before + 1 < kJournalRows);
    REQUIRE((findings.find(name) != std::string::npos) == told);
  }
}

TEST_CASE("a journal that was made to be slow to judge is judged in a moment, as damaged") {
  const TemporaryDirectory dir;
  Journal j = journal_of("b", 1, false);
  SECTION("at every byte of 64 MiB a record of 48 MiB seems to begin") { j.bytes.append(64U << 20, '\3'); }
  SECTION("the file is as long as a file may be") {
    j.bytes += "x";
    write_bytes(dir / "j", j.bytes);
    std::filesystem::resize_file(dir / "j", std::uint64_t{1} << 43);  // of zeros
  }
  if (!std::filesystem::exists(dir / "j")) write_bytes(dir / "j", j.bytes);
  const auto start = std::chrono::steady_clock::now();
  const JournalSummary summary = JournalReader::summarize(dir / "j");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
  CHECK(summary.end == JournalEnd::damaged);
  CHECK(summary.rows == kJournalRows);
}

TEST_CASE("a header that claims to be gigabytes long is refused without reading them") {
  const TemporaryDirectory dir;
  std::string bytes = journal_of("b", 1, false).bytes;
  bytes[14] = '\xff';  // of the header's length
  bytes[15] = '\x7f';
  write_bytes(dir / "j", bytes);
  std::filesystem::resize_file(dir / "j", std::uint64_t{1} << 32);
  CHECK_THROWS_WITH(JournalReader(dir / "j"), Catch::Contains("too long"));
}
