#pragma once

#include <string>
#include <string_view>

namespace forebay {

inline constexpr std::string_view kCatalogScheme = "sqlite:";

/// The file that a URL sqlite:FILE names, byte for byte: a `?`, `#` or `%` in it is a character like others.
std::string catalog_file(std::string_view url);

/// Why such a URL names no file, as the end of a sentence that begins with the setting or the URL; empty where it does.
/// Other programs take these for a database in memory, or for parameters; here they would be names of files.
std::string_view why_no_catalog_file(std::string_view url);

}  // namespace forebay
