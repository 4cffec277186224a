#pragma once

#include <chrono>
#include <string>

namespace forebay {

/// Which server is meant, and how long one waits for it.
struct PostgresTarget {
  std::string url;          // as given: may hold a password; empty: libpq's variables
  std::string description;  // for people
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds statement_timeout{60'000};
  bool opengauss = false;  // the URL says so; else it is found out
};

/// For a question that can do without an answer: nobody should have to wait for it.
PostgresTarget hasty(PostgresTarget target);

/// "60 s", "250 ms": a limit, for a message.
std::string limit_text(std::chrono::milliseconds limit);

}  // namespace forebay
