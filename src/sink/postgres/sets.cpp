#include "sink/postgres/sets.hpp"

#include <limits>

#include "forebay/file_record.hpp"
#include "sink/dialect.hpp"
#include "sink/postgres/inspect.hpp"

namespace forebay {
namespace {

std::int64_t largest_of(const std::string& base) {
  if (base == "int4") return std::numeric_limits<std::int32_t>::max();
  if (base == "int2") return std::numeric_limits<std::int16_t>::max();
  return std::numeric_limits<std::int64_t>::max();
}

constexpr const char* kAdvice = "scan into one that is there, with --set-id and its number";

}  // namespace

std::optional<std::string> why_not_into_set(PostgresSession& session, std::int64_t number) {
  const auto sets = find_table(session, {"", backup_sets_stream().table});
  const auto files = find_table(session, {"", backup_files_stream().table});
  if (!sets || !files) return std::nullopt;
  const std::string set = "backup set " + std::to_string(number);
  const ActualColumns of_sets = actual_columns(session, *sets);
  for (const auto& [table, column, columns] :
       {std::tuple(*sets, std::string("id"), of_sets),
        std::tuple(*files, std::string("backup_set_id"), actual_columns(session, *files))}) {
    const auto there = columns.find(column);
    if (there == columns.end()) return std::nullopt;
    const std::int64_t largest = largest_of(there->second.base);
    if (number > largest) {
      return set + " has a number that column " + quoted_identifier(column) + " of table " + table + " (" +
             there->second.type + ") cannot hold, which ends at " + std::to_string(largest) +
             "; without --set-id the number is made from the set's name. Give one: " + kAdvice;
    }
  }
  if (repeated_columns(backup_sets_stream(), of_sets).empty()) return std::nullopt;
  if (!session.exec("SELECT 1 FROM " + *sets + " WHERE id = $1", {std::to_string(number)}).empty()) return std::nullopt;
  return set + " is not in table " + *sets + ", and only the application that this table belongs to can make it; " +
         kAdvice;
}

}  // namespace forebay
