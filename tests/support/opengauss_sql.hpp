#pragma once

#include <string>
#include <string_view>

namespace forebay::test {

/// A release of openGauss in one of its compatibility modes, as the stand-in plays it. Where an answer comes from: (R)
/// a real openGauss 6.0.0 lite in modes A, B (with and without the plugin dolphin) and PG gave it; (G) the real
/// grammars of 18 releases and 14 dolphins were fed with tests/sink/postgres/opengauss-statements.sql; else it was read
/// in the server's sources.
struct OpenGaussRelease {
  const char* version;
  const char* mode;
  bool upsert_where;         // ON DUPLICATE KEY UPDATE … WHERE: since 3.0 (G)
  bool idle_in_transaction;  // idle_in_transaction_session_timeout, in seconds: since 5.0
  bool index_if_not_exists;  // since 5.0
  bool returning_of_upsert;  // since 6.0
  bool version_function;     // opengauss_version(): since 3.0
  // A relative that says of itself that it is PostgreSQL, and has no other sign of what it is.
  bool hides = false;
  // A relative whose grammar has it.
  bool takes_on_conflict = false;
  // COPY … (FORMAT binary), the word without quotes: not up to 5.0.1, and not with dolphin 6.0.0 (G, R).
  bool copy_format_word = false;
  // With dolphin 6.0.0, whose EXCLUDED is 42P01 once the table is found, and which has VALUES(c) instead (R); without
  // dolphin that is a syntax error (R).
  bool values_for_excluded = false;
  // What version() says, where that is not the product and its version: it is up to who builds it (R).
  const char* version_says = nullptr;
  // A standby: SAVEPOINT would assign a transaction id and ends in 0B000 (utility.cpp, varsup.cpp).
  bool standby = false;

  // Literals (gram.y) and text COPY make '' NULL in mode A; binary COPY and elements of arrays keep it (copy.cpp,
  // arrayfuncs.cpp).
  bool empty_is_null() const { return std::string_view(mode) == "A"; }
};

/// Too old for forebay.
inline constexpr OpenGaussRelease kOpenGauss2A = {"2.1.0", "A", false, false, false, false, false};
inline constexpr OpenGaussRelease kOpenGauss3A = {"3.0.3", "A", true, false, false, false, true};
inline constexpr OpenGaussRelease kOpenGauss3B = {"3.0.0", "B", true, false, false, false, true};
inline constexpr OpenGaussRelease kOpenGauss5A = {"5.0.0", "A", true, true, true, false, true};
inline constexpr OpenGaussRelease kOpenGauss6PG = {"6.0.0", "PG", true, true, true, true, true, false, false, true};

inline constexpr OpenGaussRelease kDolphin6B = {"6.0.0", "B", true, true, true, true, true, false, false, false, true};

/// A relative that takes PostgreSQL's upsert.
inline constexpr OpenGaussRelease kRelative3PG = {"3.1.0", "PG", true, true, true, false, true, false, true, true};

/// SQL meant for that server as PostgreSQL runs it. What openGauss would refuse becomes something that PostgreSQL
/// refuses with the same SQLSTATE. Covers the statements that forebay sends, and is no translator for others.
std::string as_postgres_runs_it(std::string_view sql, const OpenGaussRelease& release);

}  // namespace forebay::test
