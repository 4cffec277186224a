#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream_columns.hpp"
#include "sink/postgres/copy_encoder.hpp"
#include "sink/postgres/session.hpp"

namespace forebay {

/// How a stream's column type meets a PostgreSQL type.
struct Fit {
  ColumnType type;
  std::string_view actual;  // pg_type.typname, of a domain its base type's
  bool direct;              // binary COPY of our form lands as the same value
  WireForm form;
  const char* wire;   // type of the staging column
  const char* value;  // from the staging column; "#": the actual type's name
};

/// A column of a table, as the catalogs have it.
struct ActualColumn {
  std::string type;  // as people write it
  std::string cast_name;
  std::string base;  // pg_type.typname
  bool is_enum = false;
  bool not_null = false;
  bool has_default = false;
  bool generated = false;
  bool in_primary_key = false;
  std::vector<std::string> labels;  // of an enum, in its order
};

/// By name.
using ActualColumns = std::map<std::string, ActualColumn>;

ActualColumns actual_columns(PostgresSession& session, const std::string& quoted);
/// Nothing where the column cannot hold such values.
std::optional<Fit> fit_of(const Stream& stream, const Column& column, const ActualColumn& actual);
/// Labels that an enum lacks of what the scanner writes into it, spelled as the others are.
std::vector<std::string> missing_labels(const Stream& stream, const Column& column, const ActualColumn& actual);
/// Those that neither the stream nor a default fills, though they are never to be NULL: nobody can add a row then.
std::vector<std::string> unfilled_columns(const Stream& stream, const ActualColumns& actual);
/// The columns that the stream leaves alone.
std::vector<std::string> other_columns(const Stream& stream, const ActualColumns& actual);

}  // namespace forebay
