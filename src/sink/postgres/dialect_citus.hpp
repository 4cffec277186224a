#pragma once

#include "sink/dialect.hpp"

namespace forebay {

/// PostgreSQL with the extension Citus: a table's rows may be on other servers, its workers.
class CitusDialect final : public PostgresDialect {
 public:
  const CatalogWords& catalog() const override;
  bool may_distribute() const override { return true; }

 protected:
  /// Citus evaluates nothing but IMMUTABLE functions there (0A000). The INSERT brings now() as this column's value.
  std::string touched_now(const std::string& column) const override { return "EXCLUDED." + column; }
};

}  // namespace forebay
