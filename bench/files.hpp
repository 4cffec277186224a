#pragma once

#include <cstdint>
#include <forebay/file_record.hpp>
#include <string>
#include <vector>

namespace bench {

/// Files that are no file twice: a hundred thousand paths, made beforehand, as making them is no part of what is
/// measured, in one backup set after another.
class Files {
 public:
  static constexpr std::int64_t kPaths = 100'000;

  Files() {
    paths_.reserve(kPaths);
    for (std::int64_t i = 0; i < kPaths; ++i) {
      paths_.push_back("/srv/archive/2026/" + std::to_string(i / 1000) + "/report number " + std::to_string(i) +
                       ".txt");
    }
  }

  /// File number n, from 0.
  forebay::FileRecord operator[](std::int64_t n) const {
    constexpr std::int64_t kTimeUs = 1'700'000'000'000'000;
    return {.backup_set_id = 1 + n / kPaths,
            .path = paths_[static_cast<std::size_t>(n % kPaths)],
            .size = n,
            .permissions = 0644,
            .owner = "root",
            .group = "root",
            .created_time_us = kTimeUs + n,
            .modified_time_us = kTimeUs + n,
            .accessed_time_us = kTimeUs + n,
            .changed_time_us = kTimeUs + n,
            .backup_time_us = kTimeUs};
  }

 private:
  std::vector<std::string> paths_;
};

}  // namespace bench
