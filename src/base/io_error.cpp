#include "base/io_error.hpp"

#include <string>
#include <system_error>

namespace forebay {

Error io_error(std::string_view doing, const std::filesystem::path& path, int error, std::string_view advice) {
  std::string message = "cannot ";
  message += doing;
  message += ' ' + path.string() + ": " + std::generic_category().message(error);
  message += advice;
  return {ErrorCode::local, message};
}

}  // namespace forebay
