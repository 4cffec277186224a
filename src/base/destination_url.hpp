#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

/// A destination as it is named: postgresql://… (or postgres://…), opengauss://… or sqlite:FILE. Taken apart once, and
/// handed down. May hold a password.
class DestinationUrl {
 public:
  enum class Kind : std::uint8_t { postgres, opengauss, catalog };

  /// Nothing where the text begins with none of these schemes. "" is the server that libpq's variables name.
  static std::optional<DestinationUrl> parse(std::string_view text);
  static DestinationUrl of_catalog(const std::filesystem::path& file);

  Kind kind() const { return kind_; }
  bool is_catalog() const { return kind_ == Kind::catalog; }
  /// As it was given.
  const std::string& text() const { return text_; }

  /// Of a server: with the scheme that libpq knows.
  std::string for_libpq() const;

  /// Of a catalog: its file, byte for byte. A `?`, `#` or `%` in it is a character like others.
  std::string catalog_file() const;
  /// Of a catalog: why the URL names no file, as the end of a sentence that begins with the setting or the URL; empty
  /// where it does. Other programs take these for a database in memory, or for parameters; here they would be names of
  /// files.
  std::string_view why_no_catalog_file() const;

 private:
  DestinationUrl(Kind kind, std::string_view text) : kind_(kind), text_(text) {}

  Kind kind_;
  std::string text_;
};

/// Of a text that has to be one: "" means libpq's PG* variables. Throws Error(usage) for one that begins with no scheme
/// that is known, or names no file; what may hold a password is not shown.
DestinationUrl destination_url(std::string_view text);

/// What a catalog is called for people: its file with the scheme before it.
std::string catalog_name(std::string_view file);

}  // namespace forebay
