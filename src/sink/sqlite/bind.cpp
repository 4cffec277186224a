#include "sink/sqlite/bind.hpp"

namespace forebay {

void bind(SqliteStatement& statement, int parameter, const Value& value) {
  if (value.is_null()) return statement.bind_null(parameter);
  switch (value.type()) {
    case ColumnType::real:
      return statement.bind_real(parameter, value.as_real());
    case ColumnType::text:
    case ColumnType::json:
      return statement.bind_text(parameter, value.as_chars());
    case ColumnType::bytes:
      return statement.bind_blob(parameter, value.as_chars());
    case ColumnType::integer:
    case ColumnType::boolean:
    case ColumnType::timestamp:
      return statement.bind_integer(parameter, value.as_integer());
  }
}

}  // namespace forebay
