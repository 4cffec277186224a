#include "scan/owner_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

#include "scan/directory_opener.hpp"

namespace forebay {
namespace {

constexpr std::size_t kAnswerBytesMax = 1 << 20;

// getpwuid_r and getgrgid_r differ only in their types. Any other failure means "no name".
template <class Entry, class Id>
std::string name_or_digits(Id id, int (*look_up)(Id, Entry*, char*, std::size_t, Entry**), char* Entry::*name) {
  std::vector<char> buffer(1024);
  while (true) {
    Entry entry{};
    Entry* found = nullptr;
    const int error = look_up(id, &entry, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    if (error == ERANGE && buffer.size() < kAnswerBytesMax) {
      buffer.resize(buffer.size() * 2);
      continue;
    }

    // Digits for a user who has a name would be a wrong row.
    if (lacks_descriptors(error)) end_for_descriptors("look up the owner", std::to_string(id), error);
    if (error == 0 && found != nullptr && *(found->*name) != '\0') return found->*name;
    return std::to_string(id);
  }
}

}  // namespace

const std::string& OwnerNames::user(uid_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = users_.find(id);
  if (at != users_.end()) return at->second;
  return users_.emplace(id, name_or_digits(id, getpwuid_r, &::passwd::pw_name)).first->second;
}

const std::string& OwnerNames::group(gid_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = groups_.find(id);
  if (at != groups_.end()) return at->second;
  return groups_.emplace(id, name_or_digits(id, getgrgid_r, &::group::gr_name)).first->second;
}

}  // namespace forebay
