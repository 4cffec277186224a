// The journal of docs/journal-format.md, byte for byte: the page says what this code does, or this fails.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "base/io.hpp"
#include "base/version_clock.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "support/file_bytes.hpp"
#include "support/places.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

/// The bytes of the page's block: lines "OFFSET  HEX …  remark", at most 16 bytes each.
std::string bytes_of_page() {
  std::ifstream page(source_directory() + "/docs/journal-format.md");
  REQUIRE(page);
  std::string bytes;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```journal") inside = true;
    if (!inside) continue;
    if (line == "```") return bytes;
    if (line == "```journal") continue;
    INFO(line);
    REQUIRE(std::stoul(line.substr(0, 4), nullptr, 16) == bytes.size());
    std::istringstream columns(line.substr(6, 16 * 3));
    for (std::string byte; columns >> byte;) bytes.push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
  }
  FAIL("docs/journal-format.md has no block ```journal … ```");
  return {};
}

// 2026-01-01T00:00:00Z and salt 0x5a5.
constexpr std::int64_t kVersion = version_of(1'767'225'600'000'000 - kVersionEpochUnixUs, 0x5a5);

Stream notes() {
  Stream s;
  s.name = "notes";
  s.table = "notes";
  s.columns = {{"id", ColumnType::integer, true}, {"text", ColumnType::text, false}};
  s.key = {"id"};
  return s;
}

}  // namespace

TEST_CASE("the journal that docs/journal-format.md shows is what is written, and reads back") {
  const TemporaryDirectory dir;
  const auto path = dir / "segment-000001.journal";
  JournalWriter writer(create_posix_file, path, {"20260101T000000Z-42-0badcafe", 1, notes(), {}});
  const std::vector<Value> values = {Value::integer(7), Value::text("h\xc3\xa9")};
  writer.append(kVersion, values);
  writer.finish();

  const std::string written = bytes_of(path);
  CHECK(written == bytes_of_page());

  RowSet rows(2);
  JournalReader reader(path);
  REQUIRE(reader.next(rows, 2));
  REQUIRE_FALSE(reader.next(rows, 1));
  CHECK(reader.summary().end == JournalEnd::sealed);
  REQUIRE(rows.size() == 1);
  CHECK(rows.row(0).version == kVersion);
  CHECK(rows.values(0)[0].as_integer() == 7);
  CHECK(rows.values(0)[1].as_chars() == "h\xc3\xa9");
}
