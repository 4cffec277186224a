#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace forebay::test {

/// Empty as well where the file cannot be read.
inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// In place of what the file holds.
inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace forebay::test
