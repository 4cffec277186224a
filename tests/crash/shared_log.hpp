#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "crash/crash_points.hpp"

namespace forebay::crash {

/// One record that a producer was about to add.
struct Attempt {
  std::int64_t number = 0;  // of the key, in the writer's key space
  std::int64_t version = 0;
  std::uint64_t hash = 0;     // of the payload
  std::uint32_t refused = 0;  // add() threw, so it has not taken the record
  std::uint32_t unused = 0;
};

inline constexpr std::size_t kWritersMax = 16;
inline constexpr std::size_t kSlots = 48;

/// What one writer did, as it goes. Attempt n is written before its add() is called; `attempts` counts them.
struct WriterLog {
  std::atomic<std::uint64_t> attempts{0};
  std::atomic<std::uint64_t> added{0};         // the first so many: their add() has returned or thrown
  std::atomic<std::uint64_t> acknowledged{0};  // the first so many, by commit() or by the rule of 1,000 rows
  std::atomic<std::uint64_t> checkpointed{0};  // the first so many were added before the last finished checkpoint began
  std::array<char, 32> space{};                // the key space: "hot", or the writer's own
};

enum class Stage : std::uint32_t { starting, producing, done, stopped, failed };

struct LogHeader {
  std::uint64_t layout = 0;  // differs between builds whose logs do: then neither side can read the other's
  std::atomic<Stage> stage{Stage::starting};
  std::atomic<std::uint32_t> writers{0};
  std::atomic<std::uint32_t> slots{0};
  std::atomic<std::uint32_t> unknown_points{0};
  std::atomic<int> died_at{-1};  // crash point, when the process ended itself there
  std::atomic<std::uint32_t> checkpoints{0};
  std::uint64_t attempts_max = 0;  // per writer
  std::array<char, 512> buffer_folder{};
  std::array<char, 512> error{};
  std::array<std::atomic<std::uint64_t>, kCrashPoints.size()> passes{};
  std::array<std::atomic<Phase>, kSlots> phase_of_slot{};
  std::array<WriterLog, kWritersMax> writer{};
};

/// The log of one process under test: a file that it has mapped, so that what it stored is there after any kill of the
/// process. Mapped and not written with write(2): the harness makes write(2) fail, and the log must not. The oracle
/// maps it too, and watches.
class SharedLog {
 public:
  static SharedLog create(const std::filesystem::path& file, std::uint64_t attempts_max);
  static SharedLog open(const std::filesystem::path& file);
  SharedLog(SharedLog&& other) noexcept;
  SharedLog(const SharedLog&) = delete;
  SharedLog& operator=(const SharedLog&) = delete;
  ~SharedLog();

  LogHeader& header() const { return *header_; }
  Attempt& attempt(std::size_t writer, std::uint64_t n) const { return attempts_[writer * header_->attempts_max + n]; }

  std::uint64_t acknowledged_rows() const;
  std::uint64_t passes(Phase phase) const;
  /// Of all threads' phases, the one that is rarest to meet.
  Phase phase() const;
  bool anyone_in(Phase phase) const;

 private:
  SharedLog(int descriptor, std::size_t bytes);
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  LogHeader* header_ = nullptr;
  Attempt* attempts_ = nullptr;
};

void set_text(std::array<char, 32>& into, const std::string& text);
void set_text(std::array<char, 512>& into, const std::string& text);

}  // namespace forebay::crash
