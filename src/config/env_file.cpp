#include "config/env_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/io.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

constexpr std::size_t kEnvFileBytesMax = 1 << 20;

bool name_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool name_char(char c) { return name_start(c) || (c >= '0' && c <= '9'); }

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  std::vector<EnvEntry> parse() {
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) fail("is UTF-16; save it as UTF-8");
    if (text_.starts_with("\xef\xbb\xbf")) line_start_ = at_ = 3;
    check_line_ends();
    while (!at_end()) parse_line();
    return std::move(entries_);
  }

 private:
  /// Lines that end in CR alone would be one line, with the second setting in the first one's value or comment.
  void check_line_ends() const {
    Mark at = mark();
    for (at.at = at_; at.at < text_.size(); ++at.at) {
      if (text_[at.at] == '\n') {
        ++at.line;
        at.line_start = at.at + 1;
      } else if (text_[at.at] == '\r' && at.at + 1 < text_.size() && text_[at.at + 1] != '\n') {
        fail_at(at, "a carriage return without a line feed; save the file with LF or CRLF line ends");
      }
    }
  }

  void parse_line() {
    skip_blanks();
    if (!at_end_of_line() && peek() != '#') {
      EnvEntry entry;
      entry.line = line_;
      entry.name = parse_name();
      const std::size_t name_end = at_;

      skip_blanks();
      if (at_end_of_line() || peek() != '=') fail("expected '=' after the name");
      const bool spaced = at_++ > name_end;  // "NAME = value" is a style of its own

      const std::size_t value_begin = at_;
      skip_blanks();
      entry.has_blank_before_value = !spaced && at_ > value_begin && !at_end_of_line();
      parse_value(entry);
      entries_.push_back(std::move(entry));
    }

    skip_comment();
    end_line();
  }

  std::string parse_name() {
    std::string name = parse_word();
    if (name == "export" && !at_end_of_line() && is_env_blank(peek())) {
      skip_blanks();
      if (!at_end_of_line() && peek() != '=') name = parse_word();
    }
    return name;
  }

  std::string parse_word() {
    if (!name_start(peek())) fail("expected a name (letters, digits, '_'), a comment or an empty line");
    const std::size_t from = at_;
    while (!at_end() && name_char(text_[at_])) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }

  void parse_value(EnvEntry& entry) {
    if (!at_end_of_line() && (peek() == '\'' || peek() == '"')) {
      if (peek() == '\'') {
        parse_single_quoted(entry);
      } else {
        parse_double_quoted(entry);
      }
      const bool spaced = !at_end_of_line() && is_env_blank(peek());
      skip_blanks();
      if (!at_end_of_line() && !(spaced && peek() == '#')) {
        fail("nothing but a comment may follow the closing quote");
      }
      return;
    }

    // A '#' begins a comment only after a blank: passwords and colours hold them.
    const std::size_t from = at_;
    std::size_t end = at_;
    while (!at_end_of_line()) {
      if (peek() == '#' && (at_ == from || is_env_blank(text_[at_ - 1]))) break;
      refuse_odd_line_end();
      if (!is_env_blank(peek())) end = at_ + 1;
      ++at_;
    }

    entry.value = text_.substr(from, end - from);
    entry.has_reference = entry.value.find("${") != std::string::npos;
    entry.has_bare_dollar = entry.value.find('$') != std::string::npos;
    if (entry.value.find('\0') != std::string::npos) fail("a NUL byte; this is not a text file");
  }

  void parse_single_quoted(EnvEntry& entry) {
    const Mark open = mark();
    ++at_;
    while (!at_end() && text_[at_] != '\'') take(entry);
    if (at_end()) fail_at(open, "the quote is never closed");
    ++at_;
  }

  void parse_double_quoted(EnvEntry& entry) {
    const Mark open = mark();
    ++at_;
    while (!at_end() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        ++at_;
        if (at_end()) break;
        switch (text_[at_]) {
          case 'n':
            entry.value += '\n';
            break;
          case 'r':
            entry.value += '\r';
            break;
          case 't':
            entry.value += '\t';
            break;
          case '"':
          case '\\':
          case '$':
            entry.value += text_[at_];
            break;
          default:
            --at_;
            fail(
                "in double quotes only \\n \\r \\t \\\" \\\\ and \\$ are known; use single quotes for a literal "
                "backslash");
        }
        ++at_;
      } else {
        if (text_.substr(at_).starts_with("${")) entry.has_reference = true;
        if (text_[at_] == '$') entry.has_bare_dollar = true;
        take(entry);
      }
    }

    if (at_end()) fail_at(open, "the quote is never closed");
    ++at_;
  }

  /// One byte of a quoted value, which may go on over lines.
  void take(EnvEntry& entry) {
    if (text_[at_] == '\0') fail("a NUL byte; this is not a text file");
    entry.value += text_[at_];
    if (text_[at_++] == '\n') next_line();
  }

  void skip_blanks() {
    while (!at_end() && is_env_blank(text_[at_])) ++at_;
  }
  void skip_comment() {
    for (; !at_end_of_line(); ++at_) refuse_odd_line_end();
  }
  /// What editors show as the end of a line, and this parser does not take for one.
  void refuse_odd_line_end() const {
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view end : {"\v", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
      if (rest.starts_with(end)) fail("a line end that is neither LF nor CRLF; replace it by one of these");
    }
  }
  void end_line() {
    if (!at_end() && text_[at_] == '\r') ++at_;
    if (!at_end()) ++at_;  // the '\n' that at_end_of_line() saw
    next_line();
  }
  void next_line() {
    ++line_;
    line_start_ = at_;
  }

  bool at_end() const { return at_ >= text_.size(); }
  bool at_end_of_line() const {
    return at_end() || text_[at_] == '\n' ||
           (text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
  }
  char peek() const { return text_[at_]; }

  struct Mark {
    int line;
    std::size_t line_start, at;
  };
  Mark mark() const { return {line_, line_start_, at_}; }
  [[noreturn]] void fail(const std::string& what) const { fail_at(mark(), what); }
  [[noreturn]] void fail_at(const Mark& where, const std::string& what) const {
    int column = 1;  // in characters, not bytes: editors count so
    for (std::size_t i = where.line_start; i < where.at; ++i) {
      if ((static_cast<unsigned char>(text_[i]) & 0xC0U) != 0x80U) ++column;
    }
    throw Error(ErrorCode::usage,
                file_ + ":" + std::to_string(where.line) + ":" + std::to_string(column) + ": " + what);
  }

  std::string_view text_;
  const std::string& file_;
  std::vector<EnvEntry> entries_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

[[noreturn]] void cannot_read(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorCode::usage, "cannot read the settings file " + file.string() + ": " + why);
}

}  // namespace

std::vector<EnvEntry> parse_env_text(std::string_view text, const std::string& file) {
  return Parser(text, file).parse();
}

EnvFile read_env_file(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) cannot_read(file, std::strerror(errno));
  struct stat st = {};
  if (::fstat(fd.get(), &st) != 0) cannot_read(file, std::strerror(errno));
  if (S_ISDIR(st.st_mode)) cannot_read(file, "it is a directory");

  std::string text;
  char block[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_read(file, std::strerror(errno));
    if (n == 0) break;
    text.append(block, static_cast<std::size_t>(n));
    if (text.size() > kEnvFileBytesMax) cannot_read(file, "it is larger than 1 MiB, so it is no settings file");
  }

  EnvFile result;
  result.file = file.string();
  result.entries = parse_env_text(text, result.file);
  if (S_ISREG(st.st_mode)) {
    result.readable_by_others = (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
    result.owned_by_another = st.st_uid != ::geteuid() && st.st_uid != 0;
  }
  return result;
}

bool waits_for_writer(const std::filesystem::path& file) {
  constexpr std::uint32_t kPipes = 0x50495045;  // PIPEFS_MAGIC of linux/magic.h
  struct stat st = {};
  struct statfs fs = {};
  if (file.empty() || ::stat(file.c_str(), &st) != 0 || !S_ISFIFO(st.st_mode)) return false;
  return ::statfs(file.c_str(), &fs) != 0 || static_cast<std::uint32_t>(fs.f_type) != kPipes;
}

std::string waiting_line(const std::filesystem::path& file) {
  return "the settings file " + file.string() + " is a FIFO: waiting for whoever writes to it";
}

std::optional<std::filesystem::path> default_env_file(const std::filesystem::path& working_directory) {
  const std::filesystem::path file = working_directory.empty() ? ".env" : working_directory / ".env";
  struct stat st = {};
  if (::stat(file.c_str(), &st) != 0) {
    const int error = errno;
    if (error == ENOENT && ::lstat(file.c_str(), &st) == 0) cannot_read(file, "it is a symlink to what is not there");
    if (error == ENOENT || error == ENOTDIR) return std::nullopt;
    cannot_read(file, std::strerror(error));
  }

  if (S_ISDIR(st.st_mode)) return std::nullopt;
  if (!S_ISREG(st.st_mode)) cannot_read(file, "it is not a regular file");
  return file;
}

}  // namespace forebay
