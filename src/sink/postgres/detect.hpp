#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/postgres/target.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {

/// Which texts a server is spoken to with, and why.
struct ServerDialect {
  std::shared_ptr<const PostgresDialect> dialect;
  std::string told;               // for people; empty for a PostgreSQL that nobody called something else
  bool may_be_opengauss = false;  // one that calls itself otherwise, since it is not surely a PostgreSQL
};

/// A connection, as far as it is asked what it leads to. Both throw DestinationFailure.
struct AskServer {
  std::function<void(const std::string& sql)> run;
  /// Names and values of the one row that a query gives, NULL as "".
  std::function<std::vector<std::pair<std::string, std::string>>(const std::string& sql)> row;
};

/// Asks a fresh connection what it leads to: one query, and on openGauss some more. What a server says of itself only
/// hints at what it is; which upsert it takes is tried out, and what it takes is used. That the URL says it is an
/// openGauss is believed of all but a server that is surely a PostgreSQL. Changes nothing but session_timeout. Throws
/// DestinationFailure.
ServerDialect detect_dialect(const AskServer& ask, const PostgresTarget& target);

/// Of a server that is a standby; `server`: what it is called, if that is known.
Failure standby_failure(const PostgresTarget& target, const std::string& server = {});

/// What was told last, of all connections of a destination.
class Told {
 public:
  /// True where `text` is news.
  bool tell(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (text == last_) return false;
    last_ = text;
    return true;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_;
};

}  // namespace forebay
