#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/row_set.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// The bytes of a segment's journal; docs/journal-format.md is its grammar, with a worked example. Everything is
/// little-endian.
///
///   file    := prefix header record* trailer?
///   prefix  := "FBJOURN1" u32 format, u32 header bytes, u64 XXH3-64 of the header
///   header  := JSON text (JournalHeader)
///   record  := u32 body bytes, u32 checksum, body        body    := i64 version, value*
///   trailer := u32 0xffffffff, u32 checksum, body        body    := u64 rows, u64 digest
///
/// Checksums are the low half of XXH3-64 over the body, seeded with the header's own XXH3-64, so that bytes of another
/// journal that a file system left in place do not pass for records of this one.
inline constexpr std::string_view kJournalMagic = "FBJOURN1";
inline constexpr std::uint32_t kJournalFormat = 1;
inline constexpr std::size_t kJournalPrefixBytes = 24;
/// A longer header is damage: a reader keeps it in memory.
inline constexpr std::uint32_t kJournalHeaderBytesMax = 16U << 20;
inline constexpr std::size_t kRecordHeadBytes = 8;
inline constexpr std::size_t kVersionBytes = 8;
inline constexpr std::uint32_t kTrailerMark = 0xffffffffU;
inline constexpr std::size_t kTrailerBytes = kRecordHeadBytes + 16;
/// A record longer than this is refused at add(), and is damage when read.
inline constexpr std::uint32_t kRecordBytesMax = 64U << 20;

struct JournalHeader {
  std::string buffer;
  std::uint64_t segment = 0;
  Stream stream;
  /// The journal of the same segment that failed a write, and whose rows this one takes over; for a person who looks.
  /// Which of the two counts is decided by the rows that they hold: the process may have died while it wrote this one.
  std::string replaces;
};

/// JSON text of a declaration and back; also used by the manifest. Throws Error(damaged) for what is not one.
std::string stream_to_json(const Stream& stream);
Stream stream_from_json(std::string_view text);

/// prefix + header; `seed` receives what the records' checksums are seeded with.
std::string encode_journal_header(const JournalHeader& header, std::uint64_t& seed);

/// Bytes of a value in a record's body, and of the body: what kRecordBytesMax bounds.
inline std::uint64_t value_bytes(const Value& v) {
  if (v.is_null()) return 1;
  if (!v.holds_chars()) return v.is(ColumnType::boolean) ? 2 : 9;
  const std::uint64_t size = v.as_chars().size();
  return 1 + (static_cast<std::uint64_t>(std::bit_width(size | 1)) + 6) / 7 + size;  // LEB128
}
std::uint64_t record_bytes(std::span<const Value> values);

/// Appends a record's body to `out`; `bytes` is record_bytes(values), which whoever checks a record has counted
/// already.
void append_body(std::string& out, std::int64_t version, std::span<const Value> values, std::uint64_t bytes);
/// Appends one record to `out` and moves `digest` on.
void append_record(std::string& out, std::int64_t version, std::span<const Value> values, std::uint64_t bytes,
                   std::uint64_t seed, std::uint64_t& digest);
inline void append_record(std::string& out, std::int64_t version, std::span<const Value> values, std::uint64_t seed,
                          std::uint64_t& digest) {
  append_record(out, version, values, record_bytes(values), seed, digest);
}
void append_trailer(std::string& out, std::uint64_t rows, std::uint64_t digest, std::uint64_t seed);

/// Parts that reading needs too.
std::uint32_t record_checksum(std::string_view body, std::uint64_t seed);
std::uint64_t next_digest(std::uint64_t digest, std::uint32_t checksum);
/// Adds the body's row to `rows`; false when it does not parse as a row of that many columns.
bool decode_record(std::string_view body, const Stream& stream, std::uint64_t row_number, RowSet& rows);
/// The header of the file's first bytes (prefix and header). Throws Error saying what is wrong: not_built_yet for a
/// newer format, else damaged.
JournalHeader decode_journal_header(std::string_view bytes, std::uint64_t& seed, std::size_t& header_end);

}  // namespace forebay
