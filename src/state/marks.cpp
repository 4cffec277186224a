#include "state/marks.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/human.hpp"
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

namespace {

constexpr int kOrderlyEndFormat = 1;
constexpr std::size_t kOrderlyEndBytesMax = std::size_t{64} << 20;

}  // namespace

std::optional<OrderlyEnd> read_orderly_end(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kOrderlyEndName;
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0 && errno == ENOENT) return std::nullopt;
  const std::string text = read_private_file(path, kOrderlyEndBytesMax);

  try {
    const auto j = nlohmann::json::parse(text);
    if (j.at("format").get<int>() > kOrderlyEndFormat) {
      throw Error(ErrorCode::not_built_yet, path.string() + " is of a format newer than this forebay");
    }

    OrderlyEnd end;
    for (const auto& [name, journal] : j.at("journals").items()) {
      end.journals[name] = {journal.at("stream").get<std::string>(), journal.at("rows").get<std::uint64_t>()};
    }
    end.lost_rows = j.at("lost_rows").get<std::map<std::string, std::uint64_t>>();
    end.why_lost = j.at("why_lost").get<std::string>();
    return end;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::damaged, path.string() + " is damaged: it does not say what its process left");
  }
}

void write_orderly_end(const std::filesystem::path& folder, const OrderlyEnd& end, bool flush) {
  nlohmann::ordered_json journals = nlohmann::ordered_json::object();
  for (const auto& [name, journal] : end.journals) {
    journals[name] = {{"stream", journal.stream}, {"rows", journal.rows}};
  }

  const nlohmann::ordered_json j = {
      {"format", kOrderlyEndFormat}, {"journals", journals}, {"lost_rows", end.lost_rows}, {"why_lost", end.why_lost}};
  write_private_file(folder / kOrderlyEndName,
                     j.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n", flush);
}

JournalSummary judge(JournalSummary summary, const std::string& file_name, const OrderlyEnd* end) {
  if (end == nullptr) return summary;
  const auto found = end->journals.find(file_name);
  if (found == end->journals.end()) return summary;

  const std::uint64_t rows = found->second.rows;
  if (summary.end == JournalEnd::sealed && summary.rows >= rows) return summary;
  if (summary.end == JournalEnd::sealed) summary.bad_offset = summary.bytes;
  summary.end = JournalEnd::damaged;
  summary.lost_rows_min = rows > summary.rows ? rows - summary.rows : 0;
  summary.lost_rows_known = true;
  return summary;
}

std::string damage_text(const JournalSummary& s, const std::string& done) {
  const auto of = [&](std::uint64_t n) { return counted(n, "row is ", "rows are "); };
  std::string text = "is damaged at byte " + std::to_string(s.bad_offset) + ": ";
  if (s.lost_rows_known && s.lost_rows_min == 0)
    return text + "all of its rows are " + done + ", " + counted(s.rows, "row", "rows");
  text += of(s.rows) + done;
  if (s.lost_rows_min == 0) return text + ", what may have come after that place is not";
  return text + ", " + (s.lost_rows_known ? "" : "at least ") + of(s.lost_rows_min) + "not";
}

std::string lost_at_end_text(const OrderlyEnd& end) {
  if (end.lost() == 0) return {};
  return "ended in order, but " + counted(end.lost(), "row", "rows") +
         " that only memory held could not be saved then" + (end.why_lost.empty() ? "" : " (" + end.why_lost + ")");
}

}  // namespace forebay
