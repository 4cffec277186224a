#include "sink/postgres/table.hpp"

#include <algorithm>
#include <chrono>

namespace forebay {

TableTurns::Turn TableTurns::take(std::vector<std::string> tables, const std::function<bool()>& give_up) {
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  std::unique_lock lock(mutex_);
  // All of them at once, so that nobody waits for one while holding another.
  const auto free = [&] {
    return std::all_of(tables.begin(), tables.end(), [&](const std::string& name) {
      const Table& t = tables_[name];
      return !t.taken && (!t.one_at_a_time || t.senders == 0);
    });
  };
  while (!free() && !give_up()) changed_.wait_for(lock, std::chrono::milliseconds(100));

  std::vector<bool> alone;
  for (const std::string& name : tables) {
    Table& t = tables_[name];
    alone.push_back(t.one_at_a_time && t.senders == 0);
    ++t.senders;
    t.taken = t.taken || alone.back();
  }
  return {*this, std::move(tables), std::move(alone)};
}

void TableTurns::one_at_a_time(const std::string& table, bool so) {
  const std::lock_guard lock(mutex_);
  tables_[table].one_at_a_time = so;
}

TableTurns::Turn::~Turn() {
  {
    const std::lock_guard lock(turns_.mutex_);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      Table& t = turns_.tables_[tables_[i]];
      --t.senders;
      if (alone_[i]) t.taken = false;
    }
  }
  turns_.changed_.notify_all();
}

bool TableTurns::Turn::alone(const std::string& table) const {
  const auto at = std::find(tables_.begin(), tables_.end(), table);
  return at != tables_.end() && alone_[static_cast<std::size_t>(at - tables_.begin())];
}

}  // namespace forebay
