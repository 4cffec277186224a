#include "base/stream_registry.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

bool same_column(const Column& a, const Column& b) {
  return a.name == b.name && a.type == b.type && a.not_null == b.not_null;
}

std::string column_words(const Column& c) {
  return "'" + printable(c.name) + "' (" + std::string(to_string(c.type)) + (c.not_null ? ", not null)" : ")");
}

std::string name_words(const std::string& name) { return name.empty() ? "none" : "'" + printable(name) + "'"; }

std::string key_words(const Stream& stream) {
  std::string words;
  for (const std::string& column : stream.key) words += (words.empty() ? "" : ", ") + printable(column);
  return "(" + words + ")";
}

/// The first thing in which `now` differs from what is declared.
std::string difference(const Stream& declared, const Stream& now) {
  const auto differs = [](const std::string& what, const std::string& is, const std::string& not_this) {
    return what + " is " + is + ", not " + not_this;
  };
  if (declared.table != now.table) return differs("its table", name_words(declared.table), name_words(now.table));

  const std::size_t both = std::min(declared.columns.size(), now.columns.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (same_column(declared.columns[i], now.columns[i])) continue;
    return differs("column " + std::to_string(i + 1), column_words(declared.columns[i]), column_words(now.columns[i]));
  }
  if (declared.columns.size() > both) return "it also has the column " + column_words(declared.columns[both]);
  if (now.columns.size() > both) return "it has no column " + column_words(now.columns[both]);

  if (declared.key != now.key) return differs("its key", key_words(declared), key_words(now));
  if (declared.version_column != now.version_column)
    return differs("its version column", name_words(declared.version_column), name_words(now.version_column));
  return differs("its touched column", name_words(declared.touched_column), name_words(now.touched_column));
}

}  // namespace

bool same_declaration(const Stream& a, const Stream& b) {
  return a.name == b.name && a.table == b.table && a.key == b.key && a.version_column == b.version_column &&
         a.touched_column == b.touched_column && std::ranges::equal(a.columns, b.columns, same_column);
}

StreamRegistry::StreamRegistry(const std::vector<Stream>& known) {
  for (const Stream& s : known) {
    s.check();
    if (find(s.name) != nullptr) throw Error(ErrorCode::usage, "stream " + printable(s.name) + " is declared twice");
    const std::lock_guard lock(mutex_);
    known_.emplace(s.name, same_as_locked(s));
  }
}

void StreamRegistry::declare(const Stream& declaration) {
  declaration.check();
  const std::lock_guard lock(mutex_);
  if (const auto at = known_.find(declaration.name); at != known_.end()) {
    if (same_declaration(*at->second, declaration)) return;
    throw Error(ErrorCode::usage, "stream " + printable(declaration.name) +
                                      " is declared already, and differs: " + difference(*at->second, declaration) +
                                      "; declare it as it is, or under another name");
  }
  known_.emplace(declaration.name, same_as_locked(declaration));
}

const Stream* StreamRegistry::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto at = known_.find(name);
  return at == known_.end() ? nullptr : at->second;
}

const Stream* StreamRegistry::declared_as(const Stream& declaration) const {
  const std::lock_guard lock(mutex_);
  return declared_as_locked(declaration);
}

const Stream* StreamRegistry::declared_as_locked(const Stream& declaration) const {
  for (const auto& s : streams_) {
    if (same_declaration(*s, declaration)) return s.get();
  }
  return nullptr;
}

const Stream* StreamRegistry::same_as(const Stream& declaration) {
  const std::lock_guard lock(mutex_);
  return same_as_locked(declaration);
}

const Stream* StreamRegistry::same_as_locked(const Stream& declaration) {
  if (const Stream* there = declared_as_locked(declaration)) return there;
  return streams_.emplace_back(std::make_unique<const Stream>(declaration)).get();
}

void StreamRegistry::use(const Stream* stream) {
  const std::lock_guard lock(mutex_);
  in_use_.insert(stream);
}

std::vector<const Stream*> StreamRegistry::in_use() const {
  const std::lock_guard lock(mutex_);
  std::vector<const Stream*> used;
  for (const auto& s : streams_) {
    if (in_use_.contains(s.get())) used.push_back(s.get());
  }
  return used;
}

}  // namespace forebay
