#pragma once

#include <algorithm>
#include <cstdint>

namespace forebay {

/// Whether the next batch is tried by COPY straight into the table, or goes through the staging table at once. First
/// copies, the usual case, never meet a conflict; a rescan meets one in every batch, and each costs a COPY that is
/// thrown away. So the pause until direct is tried again doubles with each conflict. A value: decisions without side
/// effects.
struct DirectWay {
  static constexpr std::uint32_t kPauseMax = 1024;

  std::uint32_t staged_left = 0;  // batches that go through staging before direct is tried again
  std::uint32_t pause = 1;

  constexpr bool try_direct() const { return staged_left == 0; }
  constexpr DirectWay after_conflict() const { return {pause, std::min(pause * 2, kPauseMax)}; }
  constexpr DirectWay after_direct() const { return {0, 1}; }
  constexpr DirectWay after_staged() const { return {staged_left == 0 ? 0 : staged_left - 1, pause}; }
};

}  // namespace forebay
