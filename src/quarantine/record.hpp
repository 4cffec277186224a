#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "journal/format.hpp"

namespace forebay {

// A refused row's version and values, as bytes: one record of a journal (docs/journal-format.md), its checksum seeded
// with the stream's declaration.

std::uint64_t record_seed(const Stream& stream);
std::string encode_entry(std::int64_t version, std::span<const Value> values, std::uint64_t seed);
/// Adds the row under this number; false when the bytes are no record of that stream, or are damaged.
bool decode_entry(std::string_view record, const Stream& stream, std::uint64_t seed, std::uint64_t row_number,
                  RowSet& rows);

}  // namespace forebay
