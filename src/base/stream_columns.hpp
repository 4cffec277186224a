#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "forebay/stream.hpp"

namespace forebay {

/// The column of that name; nullptr where the stream has none.
inline const Column* find_column(const Stream& stream, std::string_view name) {
  const auto at = std::ranges::find(stream.columns, name, &Column::name);
  return at == stream.columns.end() ? nullptr : &*at;
}

/// Whether the column is among those that the stream writes. Those of version and touched time are not.
inline bool owns(const Stream& stream, std::string_view column) { return find_column(stream, column) != nullptr; }

/// Where the column of that name and type stands; nothing where the stream has none.
inline std::optional<std::size_t> position_of(const Stream& stream, std::string_view name, ColumnType type) {
  const Column* column = find_column(stream, name);
  if (column == nullptr || column->type != type) return std::nullopt;
  return static_cast<std::size_t>(column - stream.columns.data());
}

}  // namespace forebay
