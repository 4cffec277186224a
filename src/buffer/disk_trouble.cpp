#include "buffer/disk_trouble.hpp"

namespace forebay {

std::optional<std::string> DiskTrouble::tell(const std::string& line, Time now) {
  const std::lock_guard lock(mutex_);
  return lines_.tell(line, now);
}

std::optional<std::string> DiskTrouble::failed(const std::string& line, Time now) {
  const std::lock_guard lock(mutex_);
  failure_ = line;
  failed_at_ = now;
  return lines_.tell(line, now);
}

std::optional<std::string> DiskTrouble::full(const std::string& line, Time now) {
  const std::lock_guard lock(mutex_);
  room_since_.reset();
  full_ = line;
  auto told = lines_.tell(line, now);
  full_told_ = full_told_ || told;
  return told;
}

bool DiskTrouble::has_room(Time now) {
  const std::lock_guard lock(mutex_);
  full_.clear();
  if (!full_told_) return false;
  if (!room_since_) room_since_ = now;
  if (now - *room_since_ < kRoomFor) return false;
  full_told_ = false;
  room_since_.reset();
  lines_.forget();  // what fails from here on is news
  return true;
}

std::string DiskTrouble::now(Time now) const {
  const std::lock_guard lock(mutex_);
  if (!full_.empty()) return full_;
  return !failure_.empty() && now - failed_at_ < kRecent ? failure_ : std::string();
}

}  // namespace forebay
