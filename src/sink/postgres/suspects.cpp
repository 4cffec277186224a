// Of PostgresRows: the rows of a stage that its table will refuse, found before they are sent.
#include <algorithm>
#include <set>
#include <sstream>

#include "sink/postgres/rows.hpp"

namespace forebay {
namespace {

/// Of a stage's rows, for IN (…).
template <typename Rows>
std::string places(const Rows& rows, RowSearch::Range range) {
  std::string text;
  for (std::size_t i = range.begin; i < range.end; ++i) text += (text.empty() ? "'" : ", '") + rows[i].place + "'";
  return text;
}

}  // namespace

/// Rows that the table's constraints will probably refuse: one query instead of a try for each.
std::vector<PostgresRows::Suspect> PostgresRows::suspects(const std::string& stage) {
  std::vector<Suspect> found;
  if (table_.suspicions.empty()) return found;
  std::vector<std::string> conditions;
  for (const Suspicion& s : table_.suspicions) conditions.push_back(s.condition);

  try {
    const std::string select = dialect_.select_suspects(*part_.stream, stage, table_.wire, conditions);
    for (const auto& [n, place_and_kind] : session_.run_query(kSavepoint + select)) {
      const auto space = place_and_kind.find(' ');
      found.push_back({n, place_and_kind.substr(0, space), place_and_kind.substr(space + 1)});
    }
    return found;
  } catch (const DestinationFailure& e) {
    // A constraint may fail of a row itself (a division by zero), or want what a query may not have.
    const FailureClass why = e.failure.failure_class;
    if (why != FailureClass::row_refused && why != FailureClass::schema && why != FailureClass::other) throw;
  }
  session_.run(kBack);
  return {};
}

/// Takes them out of the stage. One of each kind is tried; where that is refused for what makes it of that kind, so are
/// the others.
void PostgresRows::upsert_suspects(const std::string& stage, const std::vector<Suspect>& suspects) {
  if (suspects.empty()) return;
  std::set<std::string> kinds;
  std::vector<Suspect> first;
  std::vector<Suspect> others;
  for (const Suspect& s : suspects) (kinds.insert(s.kind).second ? first : others).push_back(s);

  try_suspects(stage, first);
  std::map<std::string, PartRefusal> shown = shown_by(first);
  std::vector<Suspect> unclear;
  for (const Suspect& s : others) {
    const auto why = shown.find(s.kind);
    if (why == shown.end()) {
      unclear.push_back(s);
    } else {
      why->second.row = s.row;
      refuse(why->second);
    }
  }

  try_suspects(stage, unclear);
  session_.run("DELETE FROM " + stage + " WHERE ctid IN (" + places(suspects, {0, suspects.size()}) + ")");
}

/// By kind: how a row was refused for something that no row of the kind can do without.
std::map<std::string, PartRefusal> PostgresRows::shown_by(const std::vector<Suspect>& tried) const {
  std::map<std::string, PartRefusal> shown;
  for (const Suspect& s : tried) {
    const auto refused =
        std::find_if(refused_.begin(), refused_.end(), [&](const PartRefusal& r) { return r.row == s.row; });
    if (refused == refused_.end()) continue;
    std::istringstream kind(s.kind);
    for (std::size_t i = 0; kind >> i;) {
      const Suspicion& of = table_.suspicions.at(i);
      if (of.sure && of.sqlstate == refused->sqlstate && refused->message.find(of.named) != std::string::npos)
        shown.emplace(s.kind, *refused);
    }
  }
  return shown;
}

/// One by one at first, since each is expected to be refused.
void PostgresRows::try_suspects(const std::string& stage, const std::vector<Suspect>& suspects) {
  if (suspects.empty()) return;
  land(
      RowSearch(suspects.size(), 1), [&](std::size_t i) { return suspects[i].row; }, "",
      [&](RowSearch::Range range, const std::string& before) {
        const std::string item = "(SELECT * FROM " + stage + " WHERE ctid IN (" + places(suspects, range) + "))";
        const auto affected = session_.run(before + upsert_from(item));
        upserted(affected, range.size(), item, {});
      });
}

}  // namespace forebay
