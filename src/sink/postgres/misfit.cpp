#include "sink/postgres/misfit.hpp"

#include <algorithm>

#include "forebay/file_record.hpp"
#include "sink/dialect.hpp"

namespace forebay {
namespace {

std::string column(const std::string& name) { return "column " + quoted_identifier(name); }

Misfit missing(const std::string& name, const std::string& type) {
  return {column(name) + " is missing (" + type + ")", "ADD COLUMN " + quoted_identifier(name) + " " + type, "", true};
}

Misfit wrong_type(const std::string& name, const std::string& is, const std::string& wanted) {
  const std::string quoted = quoted_identifier(name);
  return {column(name) + " is " + is + " and should be " + wanted,
          "ALTER COLUMN " + quoted + " TYPE " + wanted + " USING " + quoted + "::" + wanted, "", false};
}

void check_version(const Stream& stream, const ActualColumns& actual, bool missing_too, std::vector<Misfit>& found,
                   std::vector<Misfit>& absent) {
  const std::string& name = stream.version_column;
  const auto at = actual.find(name);
  if (at == actual.end()) {
    if (missing_too) absent.push_back(missing(name, "bigint NOT NULL DEFAULT 0"));
  } else if (at->second.base != "int8") {
    found.push_back(wrong_type(name, at->second.type, "bigint"));
  } else if (!at->second.not_null && missing_too) {
    found.push_back({column(name) + " allows NULL, against which no version is newer (set it NOT NULL DEFAULT 0)",
                     "ALTER COLUMN " + quoted_identifier(name) + " SET DEFAULT 0", "", false,
                     "ALTER COLUMN " + quoted_identifier(name) + " SET NOT NULL"});
  }
}

/// A column that nobody fills.
Misfit unfilled_misfit(const std::string& quoted, const std::string& name, const ActualColumn& actual) {
  Misfit misfit = {column(name) + ", which the stream does not fill, is NOT NULL and has no default", "", "", false};
  const std::string quoted_name = quoted_identifier(name);
  if (!actual.in_primary_key) {
    misfit.clause = "ALTER COLUMN " + quoted_name + " DROP NOT NULL";
  } else if (actual.base == "int8" || actual.base == "int4" || actual.base == "int2") {
    // A primary key's column stays NOT NULL, so its numbers have to come from somewhere.
    const TableName table = unquoted_table(quoted);
    const std::string sequence = quoted_table({table.schema, table.table + "_" + name + "_seq"});
    misfit.statement = "CREATE SEQUENCE " + sequence + "; SELECT setval(" + quoted_literal(sequence) +
                       ", coalesce(max(" + quoted_name + "), 0) + 1, false) FROM " + quoted + "; ALTER TABLE " +
                       quoted + " ALTER COLUMN " + quoted_name + " SET DEFAULT nextval(" + quoted_literal(sequence) +
                       ")";
  }
  return misfit;
}

}  // namespace

std::vector<Misfit> column_misfits(const PostgresDialect& dialect, const Stream& stream, const std::string& quoted,
                                   const ActualColumns& actual, bool missing_too,
                                   const std::vector<std::string>& unfilled) {
  std::vector<Misfit> found;
  std::vector<Misfit> absent;
  check_version(stream, actual, missing_too, found, absent);
  for (const Column& c : stream.columns) {
    const auto at = actual.find(c.name);
    const std::string wanted = dialect.column_type(c.type, false);
    if (at == actual.end()) {
      if (missing_too) absent.push_back(missing(c.name, wanted));
    } else if (at->second.generated) {
      found.push_back({column(c.name) + " is generated and cannot be written",
                       "ALTER COLUMN " + quoted_identifier(c.name) + " DROP EXPRESSION", "", false});
    } else if (!fit_of(stream, c, at->second)) {
      found.push_back(wrong_type(c.name, at->second.type, wanted));
    } else if (const auto labels = missing_labels(stream, c, at->second);
               !labels.empty() && labels.size() == file_types().size()) {
      found.push_back({column(c.name) + " is the enum " + at->second.type + ", which has none of the types of files",
                       "", add_labels(at->second, labels), false});
    }
  }

  if (!stream.touched_column.empty()) {
    const auto touched = actual.find(stream.touched_column);
    if (touched == actual.end()) {
      if (missing_too) absent.push_back(missing(stream.touched_column, "timestamptz DEFAULT now()"));
    } else if (!fit_of(stream, {stream.touched_column, ColumnType::timestamp}, touched->second)) {
      found.push_back(wrong_type(stream.touched_column, touched->second.type, "timestamptz"));
    }
  }

  for (const std::string& name : unfilled) found.push_back(unfilled_misfit(quoted, name, actual.at(name)));
  found.insert(found.end(), absent.begin(), absent.end());
  return found;
}

std::string add_labels(const ActualColumn& actual, const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) {
    text += (text.empty() ? "ALTER TYPE " : "; ALTER TYPE ") + actual.cast_name + " ADD VALUE " + quoted_literal(label);
  }
  return text;
}

Misfit key_misfit(const Stream& stream, const std::string& quoted) {
  return {"no unique index is on exactly (" + key_columns(stream) + ")", "",
          "CREATE UNIQUE INDEX ON " + quoted + " (" + key_columns(stream) + ")", true};
}

Misfit rival_misfit(const std::string& quoted, const std::string& index, bool constraint, bool never_passed) {
  const std::string name = quoted_identifier(index);
  return {never_passed ? "constraint " + name +
                             " is deferrable, or an exclusion constraint: beside it ON DUPLICATE KEY UPDATE fails"
                       : "unique index " + name +
                             " stands beside the key's: ON DUPLICATE KEY UPDATE takes whichever it meets, so that a "
                             "row of another key would be replaced",
          constraint ? "DROP CONSTRAINT " + name : "",
          constraint ? "" : "DROP INDEX " + quoted_table({unquoted_table(quoted).schema, index}), false};
}

std::string mending_statements(const std::string& quoted, const std::vector<Misfit>& misfits, bool adoptable) {
  const std::string alter = "ALTER TABLE " + quoted + " ";
  std::string clauses;
  std::string statements;
  for (const Misfit& m : misfits) {
    if (adoptable && m.missing) continue;
    if (!m.clause.empty()) clauses += (clauses.empty() ? alter : ", ") + m.clause;
    if (!m.statement.empty()) statements += (statements.empty() ? "" : "; ") + m.statement;
    if (!m.clause_alone.empty()) statements += (statements.empty() ? "" : "; ") + (alter + m.clause_alone);
  }
  return clauses + (clauses.empty() || statements.empty() ? "" : "; ") + statements;
}

std::string named(const std::vector<Misfit>& misfits) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(misfits.size(), kShown); ++i) text += (i == 0 ? "" : "; ") + misfits[i].what;
  if (misfits.size() > kShown) text += "; and " + std::to_string(misfits.size() - kShown) + " more";
  return text;
}

Failure misfit_failure(const Stream& stream, const std::string& quoted, const std::vector<Misfit>& misfits,
                       bool adoptable) {
  const auto any = [&](const auto& is) { return std::any_of(misfits.begin(), misfits.end(), is); };
  const bool adopting_helps = adoptable && any([](const Misfit& m) { return m.missing; });
  const bool column_missing = !adoptable && any([](const Misfit& m) { return m.missing && !m.clause.empty(); });

  std::string message = "table " + quoted + " does not fit " +
                        (stream.name.empty() ? "the batch ledger" : "stream " + stream.name) + ": " + named(misfits);

  const std::string by_hand = mending_statements(quoted, misfits, adoptable);
  if (!by_hand.empty()) message += ". To fix it: " + by_hand;
  if (column_missing) message += " (a column that was renamed: ALTER TABLE … RENAME COLUMN … TO … instead)";
  if (adopting_helps)
    message += by_hand.empty() ? ". `forebay migrate up` adds what is missing"
                               : "; then `forebay migrate up`, which adds what is missing";
  return {FailureClass::schema, "", message};
}

}  // namespace forebay
