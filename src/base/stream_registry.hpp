#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/stream.hpp"

namespace forebay {

bool same_declaration(const Stream& a, const Stream& b);

/// Streams by declaration, so that segments of one declaration go into one batch. A name may have several declarations,
/// as journals of earlier releases hold their own; at most one of them is the known one, which writers are made of.
/// Addresses stay. Thread-safe.
class StreamRegistry {
 public:
  /// Throws Error(usage) if one of them is invalid, or two have one name.
  explicit StreamRegistry(const std::vector<Stream>& known);

  /// Makes a declaration known. Throws Error(usage) if it is invalid, or if another one of that name is known: the
  /// message says what differs. The same one again changes nothing.
  void declare(const Stream& declaration);
  /// The known declaration of that name, or null.
  const Stream* find(std::string_view name) const;
  /// A stream with exactly this declaration: one that is there, else one that is kept from now on.
  const Stream* same_as(const Stream& declaration);
  /// The same without keeping it: null when it is none of those that are there by now.
  const Stream* declared_as(const Stream& declaration) const;

  /// Rows of it may come.
  void use(const Stream* stream);
  /// Those that rows may come of, the known ones first.
  std::vector<const Stream*> in_use() const;

 private:
  const Stream* declared_as_locked(const Stream& declaration) const;
  const Stream* same_as_locked(const Stream& declaration);

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<std::unique_ptr<const Stream>> streams_;
  std::map<std::string, const Stream*, std::less<>> known_;
  std::set<const Stream*> in_use_;
};

}  // namespace forebay
