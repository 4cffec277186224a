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
  bool knows(uid_t user, gid_t group) const { return user_ != nullptr && user == uid_ && group == gid_; }
  /// May take as long as the server on the network does.
  void look_up(uid_t user, gid_t group) {
    user_ = &names_.user(uid_ = user);
    group_ = &names_.group(gid_ = group);
  }
  /// Of what was looked up last.
  const std::string& user() const { return *user_; }
  const std::string& group() const { return *group_; }

 private:
  OwnerNames& names_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  const std::string* user_ = nullptr;
  const std::string* group_ = nullptr;
};

}  // namespace forebay
