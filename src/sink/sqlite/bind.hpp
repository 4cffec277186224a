#pragma once

#include "forebay/value.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

/// A value as the catalog stores it. Characters are borrowed, as SqliteStatement says.
void bind(SqliteStatement& statement, int parameter, const Value& value);

}  // namespace forebay
