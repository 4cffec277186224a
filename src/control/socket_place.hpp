#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/io.hpp"

namespace forebay::control {

/// A Unix socket's path ends here, by the kernel's sockaddr_un.
inline constexpr std::size_t kSocketPathBytesMax = 107;

/// run/BUFFER.sock in the state directory.
std::filesystem::path usual_socket(const std::filesystem::path& state_directory, const std::string& buffer);

/// Where the socket of a new buffer goes: the usual place; else, when that path is too long for a socket,
/// `runtime_directory`/forebay/BUFFER.sock. Throws Error(local) when neither will do. Makes nothing.
std::filesystem::path choose_socket(const std::filesystem::path& state_directory, const std::string& buffer,
                                    const std::filesystem::path& runtime_directory);

/// Where a buffer's socket is: the usual place, or what the file `control` of its folder names.
std::filesystem::path find_socket(const std::filesystem::path& buffer_folder);

/// A socket that listens, mode 0600 in a folder of mode 0700. Its path goes with it.
class ListeningSocket {
 public:
  /// Makes the folder where there is none; refuses one that is a link, another user's, or writable by others, and a
  /// path where anything is already. The socket appears when it listens. Throws Error(local).
  explicit ListeningSocket(std::filesystem::path path);
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket();

  const std::filesystem::path& path() const { return path_; }
  /// The caller closes it.
  UniqueFd take_descriptor() { return std::move(fd_); }
  /// In a forked child: the path is the parent's and stays.
  void forget() { path_.clear(); }

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Removes sockets there that nobody listens at any more: their processes are dead. Never fails.
void remove_dead_sockets(const std::filesystem::path& folder) noexcept;

}  // namespace forebay::control
