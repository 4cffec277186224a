#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/io.hpp"

namespace forebay::test {

/// A disk under the journals' file seam that knows what was flushed, fails on demand, and can lose its power. The files
/// are real as well, so that everything else can read them. Thread-safe.
class SimulatedDisk {
 public:
  enum class Op : std::uint8_t { create, write, flush, flush_folder };

  explicit SimulatedDisk(std::uint64_t seed = 1) : random_(seed) {}
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  CreateFile create_file();
  FlushFolder flush_folder();

  /// Called before each operation, by the thread that asks for it. What it throws the operation fails of: half of a
  /// write is done then, and what a failed flush was to bring to the disk is lost for good, as on Linux, where the next
  /// flush says all is well. It may wait, too. Set it before the disk is used.
  std::function<void(Op, const std::filesystem::path&)> before;

  std::uint64_t count(Op op) const;
  /// By the name of the file, or of the folder.
  std::uint64_t count(Op op, const std::string& name) const;
  /// How much of the file would be there whatever happens; 0 while its name would not.
  std::uint64_t safe_bytes(const std::filesystem::path& path) const;

  /// From now on every operation fails, and nothing more gets to the disk.
  void cut_power();
  bool is_off() const;
  /// Leaves in `folder` what a restart might find of the files that were made under `from`. What was flushed is there.
  /// Of the rest, bytes may be missing from the end, and sectors before it may hold zeros or what some other file had
  /// there; names may be missing, and removed ones be back.
  void restart(const std::filesystem::path& from, const std::filesystem::path& folder);

 private:
  /// One file from its creation on; a later one may have its name.
  struct Content {
    std::filesystem::path path;
    std::string bytes;
    std::size_t flushed = 0;
    std::vector<std::pair<std::size_t, std::size_t>> lost;  // by a flush that failed: never to be on the disk
    bool name_is_safe = false;
    bool removal_is_safe = false;
  };
  class File;

  /// Counts the operation, and lets `before` fail it.
  void begin(Op op, const std::filesystem::path& path);
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }
  std::string survivor(const Content& content);

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Content>> contents_;  // oldest first
  std::map<std::pair<Op, std::string>, std::uint64_t> counts_;
  bool off_ = false;
};

using DiskOp = SimulatedDisk::Op;

}  // namespace forebay::test
