#pragma once

#include <string>
#include <vector>

#include "sink/postgres/columns.hpp"
#include "sink/postgres/session.hpp"

namespace forebay {

/// One way in which a table does not fit a stream.
struct Misfit {
  std::string what;
  std::string clause;  // of the ALTER TABLE that mends it; empty: `statement` does
  std::string statement;
  bool missing = false;        // what adopting the table would add
  std::string clause_alone{};  // a second clause of the same column: openGauss takes no two in one ALTER
};

/// Of the stream's columns; those that are missing count only with `missing_too`, and come last.
/// `unfilled`: columns that are in the way as nobody fills them.
std::vector<Misfit> column_misfits(const PostgresDialect& dialect, const Stream& stream, const std::string& quoted,
                                   const ActualColumns& actual, bool missing_too,
                                   const std::vector<std::string>& unfilled);
/// Statements that give an enum more labels.
std::string add_labels(const ActualColumn& actual, const std::vector<std::string>& labels);
/// That no unique index is on the key.
Misfit key_misfit(const Stream& stream, const std::string& quoted);

/// A unique index beside the key's. `constraint`: it belongs to one, of its name; `never_passed`: one that is
/// deferrable or excludes, with which no row can be upserted.
Misfit rival_misfit(const std::string& quoted, const std::string& index, bool constraint, bool never_passed);

/// The statements that fix them. Where `adoptable`, missing columns are left to `forebay migrate up`.
std::string mending_statements(const std::string& quoted, const std::vector<Misfit>& misfits, bool adoptable);

/// "a; b; and 3 more"
std::string named(const std::vector<Misfit>& misfits);

/// The failure that names them, and what mends them. `adoptable`: `forebay migrate up` would add what is missing.
Failure misfit_failure(const Stream& stream, const std::string& quoted, const std::vector<Misfit>& misfits,
                       bool adoptable);

}  // namespace forebay
