#pragma once

#include <filesystem>
#include <string_view>

#include "forebay/error.hpp"

namespace forebay {

/// "cannot open /x: Permission denied" as an Error(local). `error` is an errno; `advice` begins with "; ", or is empty.
Error io_error(std::string_view doing, const std::filesystem::path& path, int error, std::string_view advice = {});

}  // namespace forebay
