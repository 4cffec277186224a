#include "sink/sqlite/own_code.hpp"

#include <cctype>
#include <string_view>

#include "sink/dialect.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

/// The words of a statement in capitals, a blank between them; without comments and what is quoted or in brackets.
std::string words_of(std::string_view sql) {
  std::string words;
  int depth = -1;  // 0: within the table's own brackets
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    const auto skip_to = [&](std::string_view end) {
      const auto at = sql.find(end, i + 1);
      i = at == std::string_view::npos ? sql.size() : at + end.size() - 1;
      if (!words.empty() && words.back() != ' ') words += ' ';
    };
    if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '\'' || c == '"' || c == '`') {
      skip_to(std::string_view(&c, 1));
    } else if (c == '[') {
      skip_to("]");
    } else if (sql.substr(i, 2) == "--") {
      skip_to("\n");
    } else if (sql.substr(i, 2) == "/*") {
      skip_to("*/");
    } else if (depth <= 0 && std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      continue;
    } else if (c == ',' && depth <= 0) {
      words += " , ";
    }
    if (!words.empty() && words.back() != ' ') words += ' ';
  }
  return words;
}

}  // namespace

std::vector<std::string> catalog_triggers(SqliteConnection& db, const std::string& table) {
  SqliteStatement all(
      db, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?1) ORDER BY 1",
      SqliteStatement::Life::once);
  all.bind_text(1, table);
  std::vector<std::string> names;
  while (all.step()) names.push_back(quoted_identifier(all.column_text(0)));
  return names;
}

bool replaces_on_conflict(SqliteConnection& db, const std::string& table) {
  SqliteStatement made(db, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)",
                       SqliteStatement::Life::once);
  made.bind_text(1, table);
  if (!made.step()) return false;

  const std::string words = words_of(made.column_text(0));
  for (const char* constraint : {"UNIQUE ", "PRIMARY KEY ", "PRIMARY KEY ASC ", "PRIMARY KEY DESC "}) {
    if (words.find(std::string(constraint) + "ON CONFLICT REPLACE") != std::string::npos) return true;
  }
  return false;
}

std::string not_kept_message(const std::string& table, const std::vector<std::string>& triggers) {
  std::string message =
      "table " + quoted_identifier(table) + " took the row without an error and does not hold it under its key: ";
  if (triggers.empty()) return message + "an ON CONFLICT IGNORE of its own dropped it";
  message += triggers.size() == 1 ? "trigger " : "triggers ";
  for (std::size_t i = 0; i < triggers.size(); ++i) message += (i == 0 ? "" : ", ") + triggers[i];
  return message + " dropped, moved or changed it";
}

}  // namespace forebay
