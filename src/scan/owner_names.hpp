#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>
#include <unordered_map>

namespace forebay {

/// Names of users and groups, else their numbers in digits: each looked up once per scan, as a look-up may ask a server
/// on the network. Thread-safe; the strings live as long as this object.
class OwnerNames {
 public:
  const std::string& user(uid_t id);
  const std::string& group(gid_t id);

 private:
  std::mutex mutex_;
  std::unordered_map<uid_t, std::string> users_;   // guarded by mutex_; nodes never move
  std::unordered_map<gid_t, std::string> groups_;  // the same
};

/// One thread's view, which remembers the last answers: neighbours mostly have one owner.
class OwnerNamesMemo {
 public:
  explicit OwnerNamesMemo(OwnerNames& names) : names_(names) {}
  const std::string& user(uid_t id) {
    if (user_ == nullptr || id != uid_) user_ = &names_.user(uid_ = id);
    return *user_;
  }
  const std::string& group(gid_t id) {
    if (group_ == nullptr || id != gid_) group_ = &names_.group(gid_ = id);
    return *group_;
  }

 private:
  OwnerNames& names_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  const std::string* user_ = nullptr;
  const std::string* group_ = nullptr;
};

}  // namespace forebay
