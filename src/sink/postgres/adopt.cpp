#include "sink/postgres/adopt.hpp"

#include <algorithm>
#include <cstdint>

#include "base/human.hpp"
#include "base/text.hpp"
#include "forebay/file_record.hpp"
#include "sink/dialect.hpp"
#include "sink/postgres/inspect.hpp"

namespace forebay {
namespace {

constexpr int kKeysShown = 10;
constexpr int kKeyCharsShown = 200;  // a path may have thousands

const Stream& stream_of(const std::string& table) {
  return table == backup_sets_stream().table ? backup_sets_stream() : backup_files_stream();
}

[[noreturn]] void refuse(const std::string& table, const std::string& why) {
  throw DestinationFailure({FailureClass::schema, "", "table " + table + " cannot be adopted: " + why});
}

/// What is missing is added. What is there stays, but gets what no row can be written without.
void plan_columns(const Migration& migration, const ActualColumns& actual, std::vector<std::string>& unfilled,
                  Adoption& plan) {
  const std::string alter = "ALTER TABLE " + plan.table + " ";
  std::string added;
  std::vector<std::string> changes;
  for (const WantedColumn& wanted : migration.adds()) {
    const auto there = actual.find(wanted.name);
    const std::string column = quoted_identifier(wanted.name);
    if (there == actual.end()) {
      added += (added.empty() ? "" : ", ") + ("ADD COLUMN " + wanted.definition);
      ++plan.columns_added;
      continue;
    }

    const bool to_be_not_null = wanted.not_null && !there->second.not_null;
    if (to_be_not_null) {
      // A NULL would win against every record: NULL < n is not true.
      changes.push_back("UPDATE " + plan.table + " SET " + column + " = " + wanted.default_value + " WHERE " + column +
                        " IS NULL");
    }
    if ((there->second.not_null || to_be_not_null) && !there->second.has_default && !wanted.default_value.empty()) {
      changes.push_back(alter + "ALTER COLUMN " + column + " SET DEFAULT " + wanted.default_value);
      unfilled.erase(std::remove(unfilled.begin(), unfilled.end(), wanted.name), unfilled.end());
    }
    // By itself: openGauss takes SET DEFAULT and SET NOT NULL in one ALTER for a change of the type, twice (0A000).
    if (to_be_not_null) changes.push_back(alter + "ALTER COLUMN " + column + " SET NOT NULL");
  }

  if (!added.empty()) plan.statements.push_back(alter + added);
  plan.statements.insert(plan.statements.end(), changes.begin(), changes.end());
}

void check_columns(PostgresSession& session, const Stream& stream, const ActualColumns& actual,
                   const std::vector<std::string>& unfilled, const std::vector<std::string>& repeated,
                   const std::string& table) {
  std::vector<Misfit> misfits = column_misfits(session.dialect(), stream, table, actual, false, unfilled);
  for (const std::string& key : stream.key) {
    if (!actual.contains(key))
      misfits.push_back({"the key's column " + quoted_identifier(key) + " is missing", "", ""});
  }

  const std::vector<Misfit> rivals = rivals_of_key(session, stream, table, repeated);
  misfits.insert(misfits.end(), rivals.begin(), rivals.end());
  const std::vector<Misfit> unsafe = unsafe_misfits(session, stream, table);
  misfits.insert(misfits.end(), unsafe.begin(), unsafe.end());
  if (misfits.empty()) return;

  const std::string mends = mending_statements(table, misfits, false);
  refuse(table, named(misfits) + ". " +
                    (mends.empty() ? "Change these columns" : "To fix it: " + mends + "; then `forebay migrate up`") +
                    ". Or rename the table, and forebay makes one of its own");
}

/// What tells the rows of a table apart, and which of those with one key is the newest.
struct RowOrder {
  std::string row;     // a column, or several; empty: nothing does
  std::string newest;  // of ORDER BY
};

RowOrder row_order(PostgresSession& session, const Stream& stream, const ActualColumns& actual,
                   const std::string& table) {
  Stream by_id = stream;
  by_id.key = {"id"};
  const bool has_id = actual.contains("id") && actual.at("id").not_null && !key_indexes(session, by_id, table).empty();

  // By where they lie, partition and place.
  const bool by_place = session.dialect().catalogs_are_known() ||
                        !session
                             .exec("SELECT " + std::string(session.dialect().catalog().partitioned) +
                                       " FROM pg_class c WHERE c.oid = $1::regclass",
                                   {table})[0][0]
                             .as<bool>();

  RowOrder order{has_id ? "\"id\"" : by_place ? "tableoid, ctid" : "", ""};
  for (const char* counted : {"sync_version", "version"}) {
    const auto there = actual.find(counted);
    if (there != actual.end() && (there->second.base == "int8" || there->second.base == "int4"))
      order.newest += quoted_identifier(counted) + " DESC NULLS LAST, ";
  }
  order.newest += has_id ? "\"id\" DESC" : "tableoid DESC, ctid DESC";
  return order;
}

/// forebay keeps a path that is too long for an index under a shorter key.
void note_long_paths(PostgresSession& session, const Stream& stream, Adoption& plan) {
  if (stream.table != backup_files_stream().table) return;
  const auto count = session
                         .exec("SELECT count(*) FROM " + plan.table + " WHERE octet_length(file_path) > " +
                               std::to_string(kPathKeyBytesMax))[0][0]
                         .as<std::uint64_t>();
  if (count == 0) return;
  plan.notes.push_back(counted(count, "row", "rows") + " of table " + plan.table + " with a file_path of more than " +
                       std::to_string(kPathKeyBytesMax) +
                       " bytes: a scan adds a row beside each, with a key of its own and the path in full_path");
}

/// Where rows have one key, no index can be unique on it: which of them stay is for a person to say.
void check_duplicates(PostgresSession& session, const Stream& stream, const ActualColumns& actual,
                      const std::string& table) {
  const std::string key = key_columns(stream);
  std::string whole;  // NULLs are equal to nothing, but GROUP BY takes them for equal
  for (const std::string& k : stream.key) {
    if (!actual.at(k).not_null) whole += (whole.empty() ? " WHERE " : " AND ") + quoted_identifier(k) + " IS NOT NULL";
  }
  const std::string groups = " FROM " + table + whole + " GROUP BY " + key + " HAVING count(*) > 1";
  const auto total = session.exec("SELECT count(*), coalesce(sum(n) - count(*), 0)::bigint FROM (SELECT count(*) AS n" +
                                  groups + ") AS d")[0];
  const auto keys = total[0].as<std::int64_t>();
  if (keys == 0) return;

  std::string shown;
  for (const auto& row :
       session.exec("SELECT count(*), left(ROW(" + key + ")::text, " + std::to_string(kKeyCharsShown) + ")" + groups +
                    " ORDER BY " + key + " LIMIT " + std::to_string(kKeysShown))) {
    shown += std::string(shown.empty() ? "" : ", ") + row[1].c_str() + " ×" + row[0].c_str();
  }

  const RowOrder order = row_order(session, stream, actual, table);
  const auto ranked = [&](const std::string& columns) {
    return "(SELECT " + columns + ", row_number() OVER (PARTITION BY " + key + " ORDER BY " + order.newest +
           ") AS nth FROM " + table + whole + ") AS ranked WHERE nth > 1";
  };
  std::string copied;
  if (const auto flag = actual.find("is_copy_success"); flag != actual.end() && flag->second.base == "bool") {
    const auto count = session.exec("SELECT count(*) FROM " + ranked("is_copy_success") + " AND is_copy_success")[0][0];
    if (count.as<std::int64_t>() > 0) copied = ", " + std::string(count.c_str()) + " with is_copy_success";
  }

  std::string resolved = "Merge these rows, or delete all but one of each";
  if (!order.row.empty()) {
    resolved = "What keeps the newest row of each and deletes " +
               counted(total[1].as<std::uint64_t>(), "other", "others") + copied + ": DELETE FROM " + table +
               " WHERE (" + order.row + ") IN (SELECT " + order.row + " FROM " + ranked(order.row) + ")";
  }

  refuse(table, counted(static_cast<std::uint64_t>(keys), "key (", "keys (") + key + ") " +
                    (keys == 1 ? "stands" : "stand") + " there more than once: " + shown +
                    (keys > kKeysShown ? ", …" : "") + ". " + resolved + "; then `forebay migrate up`");
}

struct Ownership {
  bool ours = false;
  bool may_read = false;
  std::string owner, role;
};

Ownership ownership_of(PostgresSession& session, const std::string& table) {
  const auto row = session.exec(
      "SELECT pg_has_role(relowner, 'USAGE'), has_table_privilege(oid, 'SELECT'), "
      "quote_ident(pg_get_userbyid(relowner)), quote_ident(current_user) FROM pg_class WHERE oid = $1::regclass",
      {table})[0];
  return {row[0].as<bool>(), row[1].as<bool>(), row[2].c_str(), row[3].c_str()};
}

void note_labels(const Stream& stream, const ActualColumns& actual, Adoption& plan) {
  for (const Column& c : stream.columns) {
    const auto there = actual.find(c.name);
    if (there == actual.end()) continue;
    const std::vector<std::string> labels = missing_labels(stream, c, there->second);
    if (labels.empty()) continue;
    plan.notes.push_back("column " + quoted_identifier(c.name) + " of table " + plan.table + " is the enum " +
                         there->second.type + " without " + joined(labels, ", ") +
                         ": entries of these types go to quarantine as it is. If its readers can do with them, run: " +
                         add_labels(there->second, labels));
  }
}

}  // namespace

std::string Adoption::what() const {
  return counted(columns_added, "column", "columns") + " added, " +
         (key_created.empty() ? "its unique key is kept" : "its unique key " + key_created + " was created");
}

Adoption plan_adoption(PostgresSession& session, const Migration& migration) {
  const std::string name = migration.tables().front();
  const Stream& stream = stream_of(name);
  Adoption plan;
  plan.table = *find_table(session, {"", name});

  const ActualColumns actual = actual_columns(session, plan.table);
  std::vector<std::string> unfilled = unfilled_columns(stream, actual);
  plan_columns(migration, actual, unfilled, plan);
  const std::vector<std::string> repeated = repeated_columns(stream, actual);
  if (!repeated.empty()) {
    plan.notes.push_back("sets of table " + plan.table + " are made by its own application, as only that fills " +
                         joined(unfilled, ", ") + ": scan into one with --set-id and its number");
    unfilled.clear();
  }

  check_columns(session, stream, actual, unfilled, repeated, plan.table);
  const Ownership ownership = ownership_of(session, plan.table);
  if (key_indexes(session, stream, plan.table).empty()) {
    if (ownership.ours || ownership.may_read) {
      note_long_paths(session, stream, plan);
      check_duplicates(session, stream, actual, plan.table);
    }
    plan.key_created = name + "_key";
    plan.statements.push_back("CREATE UNIQUE INDEX " + quoted_identifier(plan.key_created) + " ON " + plan.table +
                              " (" + key_columns(stream) + ")");
  }

  // ALTER TABLE is for a table's owner. Who is not has these run by who is, and finds nothing left to do then.
  if (!plan.statements.empty() && !ownership.ours) {
    refuse(plan.table, "it belongs to role " + ownership.owner + ", and this is " + ownership.role +
                           ". Run `forebay migrate up` as " + ownership.owner + ", or let " + ownership.owner +
                           " run: " + joined(plan.statements, "; ") + "; then `forebay migrate up`");
  }

  note_labels(stream, actual, plan);
  return plan;
}

}  // namespace forebay
