#include "adoption/adoption_lines.hpp"

#include "base/human.hpp"
#include "state/marks.hpp"

namespace forebay {

// Without an orderly end nothing tells a write that the kill cut short from a file that was cut later.
std::string torn_text(const AdoptedBuffer& adopted) {
  if (adopted.torn_journals == 0) return {};
  return "the last " + counted(adopted.torn_bytes, "byte", "bytes") + " of " +
         counted(adopted.torn_journals, "journal", "journals") + (adopted.torn_bytes == 1 ? " makes" : " make") +
         " no whole row: being written when the process ended, or cut since";
}

std::string adopted_line(const AdoptedBuffer& adopted, const std::string& destination,
                         std::optional<std::chrono::seconds> shift) {
  const Manifest& m = adopted.folder.manifest;
  std::string line = "adopted buffer " + m.buffer;
  if (m.pid != 0)
    line += " of process " + std::to_string(m.pid) + ", which has ended (level " +
            std::string(to_string(m.durability)) + ")";

  line += ": " + counted(adopted.rows, "row", "rows") + " in " +
          counted(adopted.segments.size() - adopted.retries, "journal", "journals") + ", accepted " +
          version_time(adopted.stamped.version_min) + " to " + version_time(adopted.stamped.version_max);

  if (shift && shift->count() != 0) line += ", moved by " + std::to_string(shift->count()) + " s";
  if (m.destination != destination)
    line += ", meant for " + (m.destination.empty() ? "nobody knows where" : m.destination);
  const std::string torn = torn_text(adopted);
  if (!torn.empty()) line += "; " + torn;
  if (const auto error = read_last_error(adopted.folder.path); error && !error->message.empty()) {
    line += "; its last error, of " + unix_time(error->at_us) + ": " + error->message;
  }
  return line;
}

std::vector<std::string> grouped_lines(const std::vector<LeftAlone>& buffers, const std::string& one,
                                       const std::string& several) {
  std::vector<std::string> lines;
  std::vector<bool> told(buffers.size(), false);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (told[i]) continue;
    std::uint64_t more = 0;
    for (std::size_t k = i + 1; k < buffers.size(); ++k) {
      if (buffers[k].why != buffers[i].why) continue;
      told[k] = true;
      ++more;
    }

    lines.push_back("buffer " + buffers[i].path.string() +
                    (more == 0 ? one : " and " + std::to_string(more) + " more there" + several) + buffers[i].why);
  }
  return lines;
}

std::vector<std::string> left_alone_lines(const std::vector<LeftAlone>& left) {
  return grouped_lines(left, " is left as it is: ", " are left as they are: ");
}

}  // namespace forebay
