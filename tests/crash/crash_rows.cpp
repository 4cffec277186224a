#include "crash/crash_rows.hpp"

#include <xxhash.h>

#include <array>

namespace forebay::crash {
namespace {

Stream make_stream(const std::string& name) {
  return {name,
          name,
          {{"space", ColumnType::text, true},
           {"number", ColumnType::integer, true},
           {"stamp", ColumnType::integer, true},
           {"payload", ColumnType::text, true}},
          {"space", "number"},
          "sync_version",
          ""};
}

}  // namespace

const Stream& own_stream() {
  static const Stream kStream = make_stream("crash_own");
  return kStream;
}

const Stream& hot_stream() {
  static const Stream kStream = make_stream("crash_hot");
  return kStream;
}

std::string make_payload(Random& random) {
  constexpr std::array<std::string_view, 6> kAwkward = {"\\.\n",    "'\"", "\t\\N", "\xc3\xa9\xe2\x80\xae",
                                                        "\x01\x7f", "$1"};
  std::string payload = std::to_string(random());
  if (below(random, 8) == 0) payload += kAwkward[below(random, kAwkward.size())];
  payload.append(below(random, 120), static_cast<char>('a' + below(random, 26)));
  return payload;
}

std::uint64_t hash_of(std::string_view payload) { return XXH3_64bits(payload.data(), payload.size()); }

}  // namespace forebay::crash
