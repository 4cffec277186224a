#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/io.hpp"

namespace forebay {

// What lies in a state directory is ours alone. Whatever else is found in its place (a symlink, a FIFO, another user's
// file, a directory that others may write to) is refused with the reason, and nothing is followed, read or waited for.

/// Whether the path names anything, be it a broken symlink.
bool is_there(const std::filesystem::path& path);

/// Where a path belongs to another user, and its folder as well: that it does, and how to run as that user. Such a file
/// is not one that somebody put there, and not one to remove. Empty otherwise.
std::string belongs_elsewhere(const std::filesystem::path& path);

/// "runuser -u NAME -- forebay", for root, whose rights would make files that NAME could not use.
std::string forebay_as(uid_t user);

/// Makes the directory (mode 0700), or makes sure that what is there may serve: no symlink, a directory, of this user,
/// not writable by others. Throws Error(usage) for one that may not, Error(local) when it cannot be made.
void make_private_directory(const std::filesystem::path& path);

/// What makes an existing directory unfit, and what to do; empty: nothing.
std::string private_directory_problem(const std::filesystem::path& path);

/// open(2) of a regular file of this user's; never of a symlink or a FIFO. `flags` as there, e.g. O_RDWR | O_CREAT
/// (mode 0600). Without a descriptor when the file does not exist and O_CREAT was not asked for. Throws Error(local).
UniqueFd open_private_file(const std::filesystem::path& path, int flags);

/// The file's first bytes, `bytes_max` at most. Throws Error(local), also when there is no such file.
std::string read_private_file(const std::filesystem::path& path, std::size_t bytes_max);

/// Makes an empty file of mode 0600 for SQLite, unless that name is taken; 0, or an errno. It is linked into place: no
/// descriptor is ever opened on its own name, as closing one would drop the locks that SQLite may have on it in this
/// process.
[[nodiscard]] int link_empty_file(const std::filesystem::path& path);

/// Puts a file in place whole, replacing what was there: written under another name, then renamed; `flush` also makes
/// it survive a power loss. Throws Error(local), and leaves what was there.
void write_private_file(const std::filesystem::path& path, const std::string& content, bool flush);

}  // namespace forebay
