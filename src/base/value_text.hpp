#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "forebay/stream.hpp"

namespace forebay {

/// A value for people: text made printable, bytes as 0x…, both cut after `bytes_max` of them.
std::string value_text(const Value& value, std::size_t bytes_max);

/// The key of a row of this stream, its columns separated by ", ".
std::string key_text(const Stream& stream, std::span<const Value> row, std::size_t bytes_max);

}  // namespace forebay
