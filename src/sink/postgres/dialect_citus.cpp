#include "sink/postgres/dialect_citus.hpp"

namespace forebay {

const CatalogWords& CitusDialect::catalog() const {
  static const std::string shape =
      std::string(PostgresDialect::catalog().table_shape) +
      ", c.relam, (SELECT concat_ws(' ', p.partmethod, p.partkey) FROM pg_catalog.pg_dist_partition p WHERE "
      "p.logicalrelid = c.oid)";
  static const CatalogWords words = [](CatalogWords own) {
    own.table_shape = shape;
    return own;
  }(PostgresDialect::catalog());
  return words;
}

}  // namespace forebay
