#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// One KEY=VALUE of a .env file.
struct EnvEntry {
  std::string name;
  std::string value;
  int line = 0;  // of its name, from 1
  /// An unquoted or double-quoted value that holds ${…}: other readers of .env files expand that, forebay does not.
  bool has_reference = false;
  /// A `$` that stands neither in single quotes nor behind a backslash: it may be meant to be expanded.
  bool has_bare_dollar = false;
  /// "NAME= value": other readers keep the blank, or take the value for a command.
  bool has_blank_before_value = false;
};

/// What may stand between the words of a line.
constexpr bool is_env_blank(char c) { return c == ' ' || c == '\t'; }

/// Parses a .env file's text (grammar: docs/settings.md). `file` is for messages. Throws Error(usage),
/// "FILE:LINE:COLUMN: what was expected", for a malformed line; the message never holds a value.
std::vector<EnvEntry> parse_env_text(std::string_view text, const std::string& file);

/// A .env file's content and what its mode says.
struct EnvFile {
  std::string file;  // as named by the user
  std::vector<EnvEntry> entries;
  bool readable_by_others = false;  // group or others
  bool owned_by_another = false;    // neither this user nor root
};

/// Reads a file that must be there. Throws Error(usage).
EnvFile read_env_file(const std::filesystem::path& file);

/// Whether reading the file may wait for ever: it is a FIFO that somebody must open for writing. A pipe that a shell
/// made, as for `--env <(…)`, is none: it has its writer.
bool waits_for_writer(const std::filesystem::path& file);
/// Says so, before it is read.
std::string waiting_line(const std::filesystem::path& file);

/// ./.env where it is a file; nothing where there is none, or where it is a folder (Python's virtual environments).
std::optional<std::filesystem::path> default_env_file(const std::filesystem::path& working_directory = {});

}  // namespace forebay
