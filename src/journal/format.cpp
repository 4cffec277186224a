#include "journal/format.hpp"

// Called twice for each record, once with four bytes: without the calls into the library a few nanoseconds less.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/enum_names.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

static_assert(std::endian::native == std::endian::little, "journals are little-endian; swap here for other machines");

template <typename T>
void put(std::string& out, T v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}
template <typename T>
T get(const char* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

/// The same into room that is there: append_body() has made it.
template <typename T>
char* put_at(char* at, T v) {
  std::memcpy(at, &v, sizeof v);
  return at + sizeof v;
}
char* put_length_at(char* at, std::uint64_t n) {  // LEB128
  while (n >= 0x80) {
    *at++ = static_cast<char>(n | 0x80);
    n >>= 7;
  }
  *at++ = static_cast<char>(n);
  return at;
}
bool get_length(std::string_view& in, std::uint64_t& n) {
  n = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    n |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

nlohmann::json stream_json(const Stream& s) {
  nlohmann::json columns = nlohmann::json::array();
  for (const Column& c : s.columns) {
    columns.push_back({{"name", c.name}, {"type", to_string(c.type)}, {"not_null", c.not_null}});
  }
  return {{"name", s.name},
          {"table", s.table},
          {"columns", std::move(columns)},
          {"key", s.key},
          {"version", s.version_column},
          {"touched", s.touched_column}};
}

Stream stream_of(const nlohmann::json& j) {
  Stream s;
  s.name = j.at("name").get<std::string>();
  s.table = j.at("table").get<std::string>();
  for (const auto& c : j.at("columns")) {
    const auto type = column_type_of(c.at("type").get<std::string>());
    if (!type) throw Error(ErrorCode::damaged, "stream declaration names an unknown column type");
    s.columns.push_back({c.at("name").get<std::string>(), *type, c.at("not_null").get<bool>()});
  }

  s.key = j.at("key").get<std::vector<std::string>>();
  s.version_column = j.at("version").get<std::string>();
  s.touched_column = j.at("touched").get<std::string>();
  s.check();
  return s;
}

}  // namespace

std::string stream_to_json(const Stream& stream) { return stream_json(stream).dump(); }

Stream stream_from_json(std::string_view text) {
  try {
    return stream_of(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::damaged, std::string("stream declaration cannot be read: ") + e.what());
  }
}

std::string encode_journal_header(const JournalHeader& header, std::uint64_t& seed) {
  const std::string json = nlohmann::json{
      {"buffer", header.buffer},
      {"segment", header.segment},
      {"stream", stream_json(header.stream)},
      {"replaces",
       header.replaces}}.dump();
  seed = XXH3_64bits(json.data(), json.size());

  std::string out(kJournalMagic);
  put<std::uint32_t>(out, kJournalFormat);
  put<std::uint32_t>(out, static_cast<std::uint32_t>(json.size()));
  put<std::uint64_t>(out, seed);
  return out + json;
}

JournalHeader decode_journal_header(std::string_view bytes, std::uint64_t& seed, std::size_t& header_end) {
  const auto damaged = [](const char* why) { return Error(ErrorCode::damaged, why); };
  if (bytes.size() < kJournalPrefixBytes) throw damaged("it ends within its header");
  if (bytes.substr(0, kJournalMagic.size()) != kJournalMagic) throw damaged("it does not begin as a forebay journal");

  const auto format = get<std::uint32_t>(bytes.data() + 8);
  if (format > kJournalFormat) {
    throw Error(ErrorCode::not_built_yet, "its format is newer than this forebay can read");
  }
  if (format != kJournalFormat) throw damaged("its format number is unknown");

  const auto size = get<std::uint32_t>(bytes.data() + 12);
  seed = get<std::uint64_t>(bytes.data() + 16);
  if (size > kJournalHeaderBytesMax) throw damaged("its header is too long to be one");
  if (bytes.size() - kJournalPrefixBytes < size) throw damaged("it ends within its header");
  const std::string_view json = bytes.substr(kJournalPrefixBytes, size);
  if (XXH3_64bits(json.data(), json.size()) != seed) throw damaged("its header does not match its checksum");
  header_end = kJournalPrefixBytes + size;

  try {
    const auto j = nlohmann::json::parse(json);
    return {j.at("buffer").get<std::string>(), j.at("segment").get<std::uint64_t>(), stream_of(j.at("stream")),
            j.at("replaces").get<std::string>()};
  } catch (const nlohmann::json::exception&) {
    throw damaged("its header cannot be read");
  }
}

std::uint32_t record_checksum(std::string_view body, std::uint64_t seed) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(body.data(), body.size(), seed));
}

std::uint64_t next_digest(std::uint64_t digest, std::uint32_t checksum) {
  return XXH3_64bits_withSeed(&checksum, sizeof checksum, digest);
}

std::uint64_t record_bytes(std::span<const Value> values) {
  std::uint64_t bytes = kVersionBytes;
  for (const Value& v : values) bytes += value_bytes(v);
  return bytes;
}

void append_body(std::string& out, std::int64_t version, std::span<const Value> values, std::uint64_t bytes) {
  const std::size_t start = out.size();
  out.resize(start + bytes);
  char* at = put_at(out.data() + start, version);

  for (const Value& v : values) {
    if (v.is_null()) {
      *at++ = '\0';
      continue;
    }
    *at++ = static_cast<char>(v.type());
    if (v.holds_chars()) {
      const std::string_view chars = v.as_chars();
      at = put_length_at(at, chars.size());
      if (!chars.empty()) std::memcpy(at, chars.data(), chars.size());
      at += chars.size();
    } else if (v.is(ColumnType::boolean)) {
      *at++ = v.as_integer() != 0 ? '\1' : '\0';
    } else if (v.is(ColumnType::real)) {
      at = put_at(at, v.as_real());
    } else {
      at = put_at(at, v.as_integer());
    }
  }
}

void append_record(std::string& out, std::int64_t version, std::span<const Value> values, std::uint64_t bytes,
                   std::uint64_t seed, std::uint64_t& digest) {
  const std::size_t start = out.size();
  out.append(kRecordHeadBytes, '\0');
  append_body(out, version, values, bytes);

  const std::string_view body = std::string_view(out).substr(start + kRecordHeadBytes);
  const std::uint32_t checksum = record_checksum(body, seed);
  const auto size = static_cast<std::uint32_t>(body.size());
  std::memcpy(out.data() + start, &size, sizeof size);
  std::memcpy(out.data() + start + 4, &checksum, sizeof checksum);
  digest = next_digest(digest, checksum);
}

void append_trailer(std::string& out, std::uint64_t rows, std::uint64_t digest, std::uint64_t seed) {
  std::string body;
  put(body, rows);
  put(body, digest);
  put(out, kTrailerMark);
  put(out, record_checksum(body, seed));
  out += body;
}

namespace {

/// One value off the front of `body`; false when it is not one of that type.
bool take_value(std::string_view& body, ColumnType type, Value& v) {
  if (body.empty()) return false;
  const auto tag = static_cast<unsigned char>(body.front());
  body.remove_prefix(1);
  v = Value();
  if (tag == 0) return true;
  if (tag != static_cast<unsigned char>(type)) return false;

  std::uint64_t size = type == ColumnType::boolean ? 1 : 8;
  const bool chars = type == ColumnType::text || type == ColumnType::json || type == ColumnType::bytes;
  if (chars && !get_length(body, size)) return false;
  if (size > body.size()) return false;
  const std::string_view at = body.substr(0, size);
  body.remove_prefix(size);

  switch (type) {
    case ColumnType::text:
      v = Value::text(at);
      break;
    case ColumnType::json:
      v = Value::json(at);
      break;
    case ColumnType::bytes:
      v = Value::bytes(at);
      break;
    case ColumnType::boolean:
      v = Value::boolean(at.front() != 0);
      break;
    case ColumnType::real:
      v = Value::real(get<double>(at.data()));
      break;
    case ColumnType::integer:
      v = Value::integer(get<std::int64_t>(at.data()));
      break;
    case ColumnType::timestamp:
      v = Value::timestamp(get<std::int64_t>(at.data()));
      break;
  }
  return true;
}

}  // namespace

bool decode_record(std::string_view body, const Stream& stream, std::uint64_t row_number, RowSet& rows) {
  if (body.size() < kVersionBytes) return false;
  rows.begin_row(row_number, get<std::int64_t>(body.data()));
  body = rows.keep(body.substr(kVersionBytes));

  bool whole = true;
  for (const Column& column : stream.columns) {
    Value v;
    whole = take_value(body, column.type, v);
    if (!whole) break;
    rows.push_kept(v);
  }

  if (whole && body.empty()) return true;
  rows.cancel_row();
  return false;
}

}  // namespace forebay
