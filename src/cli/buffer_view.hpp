#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "adoption/buffer_listing.hpp"
#include "cli/command_syntax.hpp"
#include "control/client.hpp"

namespace forebay::cli {

/// Whose hands a buffer is in, by its lock and not by pids, which come back.
enum class Hands : std::uint8_t {
  maker,    ///< the process that made it lives
  adopter,  ///< its process has ended, and a living one is sending what it left
  nobody    ///< orphaned
};
Hands hands_of(const ListedBuffer& buffer);

/// One buffer as `forebay status` shows it.
struct BufferView {
  ListedBuffer listed;
  /// The fields of `status --json`; what is not known is null.
  control::Json fields;
  bool answers = false;  // its maker told the fields; else, where that lives:
  bool asked = false;    // it has a socket
  bool silent = false;   // at which it does not answer
};

/// Reads the folders, asks the processes that live (all at once, each for `silence_max` at most), and reads the
/// journals of those that don't. `only`: one buffer's id; empty: all. Throws Error: local when the state directory
/// cannot be read, usage when there is no buffer `only`.
std::vector<BufferView> look_at_buffers(const std::filesystem::path& state_directory, const std::string& only,
                                        std::chrono::milliseconds silence_max = std::chrono::seconds(3));

/// The folders alone, with the same errors.
std::vector<ListedBuffer> choose_buffers(const std::filesystem::path& state_directory, const std::string& only);

/// The option --host, by which what a host wrote that has another name now counts as this one's.
void add_host_option(CommandSyntax& command, std::string& host);

/// Throws Error(usage) where no buffer there was written on the host of `--host`: a slip in the name would leave the
/// rows where they are. Empty: none was named.
void check_host(const std::filesystem::path& state_directory, const std::string& host);

/// How long a process that works at a request may be silent: it gives a sign of life every second.
inline constexpr std::chrono::seconds kWorkSilenceMax{10};

/// Sends a request to the maker of a buffer.
control::Answer ask_maker(const ListedBuffer& buffer, const control::Request& request,
                          const control::AskOptions& options);
/// The same, for what has to come to pass: a process that is just starting or ending has its folder and no socket for a
/// moment, which is waited out, up to two seconds.
control::Answer ask_maker_patiently(const ListedBuffer& buffer, const control::Request& request,
                                    const control::AskOptions& options);

/// What sends an orphan's rows from here: `forebay recover`, by an option where another host wrote them.
std::string recover_command(const ListedBuffer& buffer);

/// "4711", or "?".
std::string pid_text(pid_t pid);

}  // namespace forebay::cli
