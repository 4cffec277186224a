#include "scan/listing.hpp"

#include <dirent.h>

namespace forebay {
namespace {

/// Smaller directories are not looked at.
constexpr std::uint64_t kEntriesMin = 4096;
/// A directory that changes while it is read may tell a name twice, and some file systems tell each twice.
constexpr int kMetAgainMax = 16;

bool power_of_two(std::uint64_t n) { return (n & (n - 1)) == 0; }

}  // namespace

bool Listing::repeats(const char* entries, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes;) {
    const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
    at += entry->d_reclen;
    if (++entries_ < kEntriesMin) continue;
    // The mark moves on ever further: a round is found when it is shorter than what lies between two marks.
    if (power_of_two(entries_)) {
      mark_ = entry->d_name;
      met_again_ = 0;
    } else if (mark_ == entry->d_name && ++met_again_ == kMetAgainMax) {
      return true;
    }
  }
  return false;
}

}  // namespace forebay
