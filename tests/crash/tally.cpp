#include "crash/tally.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace forebay::crash {
namespace {

std::string label(const std::pair<bool, Phase>& at) {
  return (at.first ? "recovery: " : "") + std::string(to_string(at.second));
}

std::string row(const std::string& phase, std::uint64_t kills, std::uint64_t counted, std::uint64_t at_risk) {
  char line[128];
  std::snprintf(line, sizeof line, "%-24s %8llu %8llu %10llu\n", phase.c_str(), static_cast<unsigned long long>(kills),
                static_cast<unsigned long long>(counted), static_cast<unsigned long long>(at_risk));
  return line;
}

}  // namespace

void Tally::add(const RoundResult& result) {
  ++rounds_;
  for (const Kill& kill : result.kills) {
    Line& line = lines_[{kill.recovering, kill.phase}];
    ++line.kills;
    if (kill.at_risk == 0) continue;
    ++line.counted;
    line.at_risk += kill.at_risk;
  }
  acknowledged_ += result.verdict.acknowledged;
  lost_ += result.verdict.lost;
  lost_in_window_ += result.verdict.lost_in_window;
  if (!result.verdict.violations.empty()) ++failed_rounds_;
}

Tally::Line Tally::total() const {
  Line sum;
  for (const auto& [at, line] : lines_) {
    sum.kills += line.kills;
    sum.counted += line.counted;
    sum.at_risk += line.at_risk;
  }
  return sum;
}

std::string Tally::table(const std::string& level, const std::string& destination) const {
  std::string text = "level " + level + ", destination " + destination + ", " + std::to_string(rounds_) + " rounds\n";
  text += "phase                       kills  counted  rows at risk\n";
  for (const auto& [at, line] : lines_) text += row(label(at), line.kills, line.counted, line.at_risk);
  const Line sum = total();
  text += row("all", sum.kills, sum.counted, sum.at_risk);
  text += "acknowledged " + std::to_string(acknowledged_) + ", lost " + std::to_string(lost_);
  if (level == "memory") text += ", lost after the last checkpoint " + std::to_string(lost_in_window_);
  return text + ", rounds that failed " + std::to_string(failed_rounds_) + "\n";
}

std::string Tally::json(const std::string& level, const std::string& destination, std::uint64_t seed) const {
  nlohmann::ordered_json phases = nlohmann::ordered_json::array();
  for (const auto& [at, line] : lines_) {
    phases.push_back(
        {{"phase", label(at)}, {"kills", line.kills}, {"counted", line.counted}, {"rows_at_risk", line.at_risk}});
  }
  const Line sum = total();
  const nlohmann::ordered_json j = {{"level", level},
                                    {"destination", destination},
                                    {"seed", seed},
                                    {"rounds", rounds_},
                                    {"kills", sum.kills},
                                    {"counted", sum.counted},
                                    {"rows_at_risk", sum.at_risk},
                                    {"acknowledged", acknowledged_},
                                    {"lost", lost_},
                                    {"lost_after_checkpoint", lost_in_window_},
                                    {"failed_rounds", failed_rounds_},
                                    {"phases", phases}};
  return j.dump() + "\n";
}

}  // namespace forebay::crash
