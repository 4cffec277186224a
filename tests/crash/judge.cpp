#include "crash/judge.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace forebay::crash {
namespace {

using Key = std::tuple<bool, std::string_view, std::int64_t>;  // hot, space, number
using Versions = std::map<std::int64_t, const Attempt*>;

std::string named(const Key& key) { return std::string(std::get<1>(key)) + " " + std::to_string(std::get<2>(key)); }

/// How many of a writer's attempts must survive.
std::uint64_t promised(const std::string& level, const WriterEvidence& w) {
  return level == "memory" ? w.checkpointed : w.acknowledged;
}

class Judge {
 public:
  explicit Judge(const Evidence& evidence) : evidence_(evidence) {}

  Verdict verdict() {
    collect();
    rows_and_history();   // O2, O3, O4
    acknowledged_rows();  // O1
    prefixes();           // O5
    reports();            // O6
    counts();             // O9
    if (evidence_.unknown_points > 0) fault("harness", "a crash point was passed that crash_points.hpp does not list");
    return std::move(verdict_);
  }

 private:
  void fault(const std::string& rule, const std::string& what) { verdict_.violations.push_back(rule + ": " + what); }

  void collect() {
    for (const WriterEvidence& w : evidence_.writers) {
      for (const Attempt& a : w.attempts) attempted_[{w.hot, w.space, a.number}][a.version] = &a;
    }
  }

  void rows_and_history() {
    for (const UpdateSeen& u : evidence_.destination.updates) {
      const Key key{u.hot, u.space, u.number};
      if (u.new_stamp <= u.old_stamp) {
        fault("O4", named(key) + " went back from version " + std::to_string(u.old_stamp) + " to " +
                        std::to_string(u.new_stamp));
      }
      // What was replaced had landed: an insert leaves no other trace.
      if (!landed_[key].insert(u.old_stamp).second) {
        fault("O3", named(key) + " held version " + std::to_string(u.old_stamp) + " twice");
      }
    }
    for (const LandedRow& row : evidence_.destination.rows) {
      const Key key{row.hot, row.space, row.number};
      if (!there_.emplace(key, row.stamp).second) fault("O3", named(key) + " is there twice");
      landed_[key].insert(row.stamp);
      const auto versions = attempted_.find(key);
      const auto attempt = versions == attempted_.end() ? Versions::const_iterator{} : versions->second.find(row.stamp);
      if (versions == attempted_.end() || attempt == versions->second.end()) {
        fault("O2", named(key) + " is there at version " + std::to_string(row.stamp) + ", which nobody attempted");
      } else if (attempt->second->hash != row.hash) {
        fault("O2", named(key) + " is there with another payload than was attempted");
      } else if (attempt->second->refused != 0) {
        fault("O2", named(key) + " is there although its add() failed");
      }
      if (row.version != row.stamp) fault("O4", named(key) + " has a version column that is not its version");
    }
  }

  void acknowledged_rows() {
    std::uint64_t told = 0;
    for (const WriterEvidence& w : evidence_.writers) {
      for (std::uint64_t n = 0; n < w.acknowledged; ++n) {
        const Attempt& a = w.attempts[n];
        if (a.refused != 0) continue;
        ++verdict_.acknowledged;
        const auto there = there_.find({w.hot, w.space, a.number});
        if (there != there_.end() && there->second >= a.version) continue;
        if (n >= promised(evidence_.level, w)) {
          ++verdict_.lost_in_window;
          continue;
        }
        ++verdict_.lost;
        if (++told <= 3) {
          fault("O1", named({w.hot, w.space, a.number}) + " was acknowledged at version " + std::to_string(a.version) +
                          " and is " +
                          (there == there_.end() ? "not there" : "there at version " + std::to_string(there->second)));
        }
      }
    }
    if (told > 3) fault("O1", std::to_string(told) + " acknowledged rows in all are not there");
  }

  /// At level `memory` segments land in any order, and what lay between them may be lost.
  void prefixes() {
    if (evidence_.level == "memory") return;
    for (const WriterEvidence& w : evidence_.writers) {
      if (w.hot) continue;
      std::uint64_t gap = w.attempts.size();
      for (std::uint64_t n = 0; n < w.attempts.size(); ++n) {
        if (w.attempts[n].refused != 0) continue;
        const bool there = there_.contains({w.hot, w.space, w.attempts[n].number});
        if (!there) gap = std::min(gap, n);
        if (there && n > gap) {
          fault("O5", w.space + ": attempt " + std::to_string(n) + " survived, and " + std::to_string(gap) +
                          " before it did not");
          break;
        }
      }
    }
  }

  void reports() {
    for (const Report& r : evidence_.reports) {
      if (r.accepted != r.synced + r.superseded + r.pending + r.quarantined + r.lost) {
        fault("O6", r.who + ": " + std::to_string(r.accepted) + " accepted are not " + std::to_string(r.synced) +
                        " synced + " + std::to_string(r.superseded) + " superseded + " + std::to_string(r.pending) +
                        " pending + " + std::to_string(r.quarantined) + " quarantined + " + std::to_string(r.lost) +
                        " lost");
      }
      if (r.damaged_journals > 0) fault("O6", r.who + ": a kill left what it calls a damaged journal");
    }
    if (!evidence_.reports.empty()) {
      const Report& last = evidence_.reports.back();
      if (!last.settled || last.pending > 0) fault("O7", last.who + ": not everything landed in the time given");
    }
    if (evidence_.buffers_left > 0) {
      fault("O7", std::to_string(evidence_.buffers_left) + " buffers' folders are left when all is done");
    }
  }

  /// A version landed when the table's history has it; every other row that went through was superseded, and then a
  /// newer version of its key must have been attempted.
  void counts() {
    std::map<std::pair<std::string_view, std::int64_t>, std::set<std::pair<std::int64_t, std::int64_t>>> ranges;
    std::uint64_t synced = 0;
    std::uint64_t through = 0;
    for (const LedgerRow& l : evidence_.destination.ledger) {
      synced += static_cast<std::uint64_t>(l.synced);
      // A row that was refused comes again, as a retry.
      through += static_cast<std::uint64_t>(l.rows - l.quarantined);
      if (l.rows != l.synced + l.superseded + l.quarantined || l.rows != l.last_row - l.first_row + 1) {
        fault("O6", "the ledger's row for segment " + std::to_string(l.segment) + " does not add up");
      }
      auto& of_segment = ranges[{l.buffer, l.segment}];
      for (const auto& [first, last] : of_segment) {
        if (l.first_row <= last && first <= l.last_row) {
          fault("O3", "rows of segment " + std::to_string(l.segment) + " of " + l.buffer + " landed twice");
        }
      }
      of_segment.insert({l.first_row, l.last_row});
    }
    std::uint64_t landed = 0;
    for (const auto& [key, versions] : landed_) landed += versions.size();
    if (synced != landed) {
      fault("O9", "the ledger counts " + std::to_string(synced) + " rows as synced, the tables' history has " +
                      std::to_string(landed));
    }
    std::uint64_t attempts = 0;
    for (const auto& [key, versions] : attempted_) attempts += versions.size();
    if (through > attempts) {
      fault("O9",
            "the ledger counts " + std::to_string(through) + " rows, " + std::to_string(attempts) + " were attempted");
    }
    adopted_counts();
  }

  void adopted_counts() {
    if (evidence_.left.empty()) return;
    std::uint64_t synced = 0;
    std::uint64_t superseded = 0;
    for (const LeftRow& row : evidence_.left) {
      const Key key{row.hot, row.space, row.number};
      const auto landed = landed_.find(key);
      if (landed != landed_.end() && landed->second.contains(row.version)) {
        ++synced;
        continue;
      }
      ++superseded;
      const auto versions = attempted_.find(key);
      if (versions == attempted_.end() || versions->second.upper_bound(row.version) == versions->second.end()) {
        fault("O9", named(key) + " did not land at version " + std::to_string(row.version) +
                        ", and no newer one was attempted");
      }
    }
    const Report& last = evidence_.reports.back();
    if (last.synced != synced || last.superseded != superseded) {
      fault("O9", last.who + " tells " + std::to_string(last.synced) + " synced and " +
                      std::to_string(last.superseded) + " superseded; of the rows it adopted " +
                      std::to_string(synced) + " landed, now or before, and " + std::to_string(superseded) +
                      " did not");
    }
  }

  const Evidence& evidence_;
  Verdict verdict_;
  std::map<Key, Versions> attempted_;
  std::map<Key, std::set<std::int64_t>> landed_;
  std::map<Key, std::int64_t> there_;
};

}  // namespace

std::vector<WriterEvidence> evidence_of(const SharedLog& log) {
  std::vector<WriterEvidence> all;
  const LogHeader& header = log.header();
  for (std::size_t w = 0; w < kWritersMax; ++w) {
    const WriterLog& writer = header.writer[w];
    // The acknowledgements first: what comes later only adds to the attempts.
    WriterEvidence e{writer.space.data(), w % 2 == 1, {}, writer.acknowledged.load(), writer.checkpointed.load()};
    const std::uint64_t attempts = writer.attempts.load();
    if (attempts == 0) continue;
    e.attempts.assign(&log.attempt(w, 0), &log.attempt(w, 0) + attempts);
    all.push_back(std::move(e));
  }
  return all;
}

Verdict judge(const Evidence& evidence) { return Judge(evidence).verdict(); }

std::uint64_t at_risk(const std::string& level, const std::vector<WriterEvidence>& writers,
                      const std::vector<LandedRow>& rows) {
  std::map<Key, std::int64_t> there;
  for (const LandedRow& row : rows) there[{row.hot, row.space, row.number}] = row.stamp;
  std::uint64_t count = 0;
  for (const WriterEvidence& w : writers) {
    for (std::uint64_t n = 0; n < promised(level, w); ++n) {
      const Attempt& a = w.attempts[n];
      if (a.refused != 0) continue;
      const auto found = there.find({w.hot, w.space, a.number});
      if (found == there.end() || found->second < a.version) ++count;
    }
  }
  return count;
}

}  // namespace forebay::crash
