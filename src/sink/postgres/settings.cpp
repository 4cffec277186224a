#include "sink/postgres/settings.hpp"

#include <cstdlib>

namespace forebay {

std::string own_settings() {
  return "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL search_path TO DEFAULT; "
         "SET LOCAL synchronous_commit TO DEFAULT";
}

std::string_view search_path_expression() {
  return "(SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c "
         "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = "
         "'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM unnest(current_schemas(false)) WITH ORDINALITY AS "
         "u(s, n) WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_')";
}

std::string pinned_settings(std::string_view search_path, std::string_view synchronous_commit) {
  // At a higher level the ledger would be read as it was before the wait for the range's lock.
  std::string text = "; SET LOCAL transaction_isolation = 'read committed'; SET LOCAL search_path = ";
  text += search_path;
  // Rows without TEMP go as arrays, in which NULL would be a word; functions are made with backslashes in them.
  text +=
      "; SET LOCAL array_nulls = 'on'; SET LOCAL standard_conforming_strings = 'on'; SET LOCAL client_encoding = "
      "'UTF8'";
  // Raised, never lowered: without it a COMMIT that was answered can still be lost.
  text += "; SET LOCAL synchronous_commit = ";
  text += synchronous_commit == "off" ? "'on'" : "'" + std::string(synchronous_commit) + "'";
  return text;
}

ClockDifference compare_clocks(const StampClock& before, std::int64_t server_us, const StampClock& after,
                               std::chrono::seconds tolerance) {
  const std::int64_t tolerance_us = std::chrono::microseconds(tolerance).count();
  std::int64_t ahead_us = 0;
  if (server_us < before.now_us) {
    ahead_us = before.now_us - server_us;
  } else if (server_us > after.now_us) {
    ahead_us = after.now_us - server_us;
  }
  if (std::llabs(ahead_us) > tolerance_us) return {ahead_us, false};
  const std::int64_t stamps_ahead_us = before.newest_us - server_us;
  if (stamps_ahead_us > tolerance_us) return {stamps_ahead_us, true};
  return {};
}

}  // namespace forebay
