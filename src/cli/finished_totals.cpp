#include "cli/finished_totals.hpp"

#include "base/human.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "state/totals.hpp"

namespace forebay::cli {
using control::Json;

Json finished_json(const std::filesystem::path& state_directory) {
  Json all = Json::array();
  try {
    for (const FinishedTotals& t : read_totals(state_directory)) {
      all.push_back({{"destination", t.destination},
                     {"stream", t.stream},
                     {"buffers", t.buffers},
                     {"accepted", t.accepted},
                     {"synced", t.synced},
                     {"superseded", t.superseded},
                     {"pending", 0},
                     {"quarantined", t.quarantined},
                     {"lost", t.lost},
                     {"lost_dropped", t.dropped},
                     {"lost_failover", t.missing}});
    }
  } catch (const Error&) {
    return nullptr;
  }
  return all;
}

void print_finished(const std::filesystem::path& state_directory, std::ostream& out) {
  try {
    for (const FinishedTotals& t : read_totals(state_directory)) {
      out << "finished  " << counted(t.buffers, "buffer", "buffers") << " delivered "
          << counted(t.synced, "row", "rows") << (t.stream.empty() ? "" : " of " + safe_line(t.stream)) << " to "
          << safe_line(t.destination);
      if (t.superseded > 0) out << ", " << human_count(t.superseded) << " superseded";
      if (t.quarantined > 0) out << ", " << human_count(t.quarantined) << " quarantined";
      if (t.lost > 0) out << ", " << human_count(t.lost) << " lost";
      if (t.dropped > 0) out << " (" << human_count(t.dropped) << " dropped by forebay errors --drop)";
      if (t.missing > 0) out << " (" << human_count(t.missing) << " when another server took over: scan again)";
      out << '\n';
    }
  } catch (const Error& e) {
    out << "finished  not known: " << safe_line(e.what()) << '\n';
  }
}

}  // namespace forebay::cli
