#include "quarantine/record.hpp"

#include <xxhash.h>

#include <cstring>

namespace forebay {

std::uint64_t record_seed(const Stream& stream) {
  const std::string declaration = stream_to_json(stream);
  return XXH3_64bits(declaration.data(), declaration.size());
}

std::string encode_entry(std::int64_t version, std::span<const Value> values, std::uint64_t seed) {
  std::string record;
  std::uint64_t digest = 0;  // of a whole journal; nothing here
  append_record(record, version, values, seed, digest);
  return record;
}

bool decode_entry(std::string_view record, const Stream& stream, std::uint64_t seed, std::uint64_t row_number,
                  RowSet& rows) {
  if (record.size() < kRecordHeadBytes) return false;
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  std::memcpy(&size, record.data(), sizeof size);
  std::memcpy(&checksum, record.data() + sizeof size, sizeof checksum);
  const std::string_view body = record.substr(kRecordHeadBytes);
  return body.size() == size && record_checksum(body, seed) == checksum &&
         decode_record(body, stream, row_number, rows);
}

}  // namespace forebay
