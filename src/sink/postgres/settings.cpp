#include "sink/postgres/settings.hpp"

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

}  // namespace forebay
