#include "state/last_error.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/private_path.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

constexpr int kLastErrorFormat = 1;
constexpr std::size_t kFileBytesMax = 64 << 10;  // each byte of the message may become six

std::string bounded(const std::string& message) {
  if (message.size() <= kLastErrorBytesMax) return message;
  return std::string(utf8_prefix(message, kLastErrorBytesMax)) + "…";
}

}  // namespace

std::optional<LastError> read_last_error(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kLastErrorName;
  try {
    if (!is_there(path)) return std::nullopt;
    const auto j = nlohmann::json::parse(read_private_file(path, kFileBytesMax));
    if (j.at("format").get<int>() > kLastErrorFormat) return std::nullopt;
    return LastError{bounded(j.at("message").get<std::string>()), j.at("at_us").get<std::int64_t>(),
                     j.at("missing_rows").get<std::uint64_t>()};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void write_last_error(const std::filesystem::path& folder, const LastError& error, bool flush) {
  if (error.message.empty() && error.missing_rows == 0) {
    ::unlink((folder / kLastErrorName).c_str());
    return;
  }
  const nlohmann::ordered_json j = {{"format", kLastErrorFormat},
                                    {"message", bounded(error.message)},
                                    {"at_us", error.at_us},
                                    {"missing_rows", error.missing_rows}};
  write_private_file(folder / kLastErrorName,
                     j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n", flush);
}

}  // namespace forebay
