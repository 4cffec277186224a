#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sink/dialect.hpp"

namespace forebay {

/// How a server takes "insert, or replace by what is newer".
enum class UpsertForm : std::uint8_t {
  on_conflict,          ///< as PostgreSQL: some releases and relatives of openGauss
  duplicate_key_where,  ///< ON DUPLICATE KEY UPDATE … WHERE: openGauss from 3.0 on
  duplicate_key_values  ///< the same with VALUES(c) for EXCLUDED.c: its plugin dolphin before it had EXCLUDED
};
std::string_view to_string(UpsertForm form) noexcept;

/// What was found out about a server; see postgres_detect.hpp.
struct OpenGaussTraits {
  UpsertForm upsert = UpsertForm::duplicate_key_where;
  /// Milliseconds in the unit of idle_in_transaction_session_timeout; 0: there is none (before 5.0).
  std::int64_t idle_unit_ms = 1000;
  /// There is enable_upsert_to_merge, under which an upsert would lose its WHERE.
  bool upsert_to_merge = false;
  bool empty_is_null = true;  // mode A without accept_empty_str
  bool pg_partition = false;  // there is that catalog, with the column parentid
};

/// openGauss: where it is not PostgreSQL. What is said of it here was read in its sources; docs/opengauss.md tells what
/// of it was run.
class OpenGaussDialect final : public PostgresDialect {
 public:
  explicit OpenGaussDialect(OpenGaussTraits traits) : traits_(traits) {}

  std::string_view name() const override { return "opengauss"; }
  const OpenGaussTraits& traits() const { return traits_; }

  std::string own_settings() const override;
  std::string search_path_expression() const override;
  std::string time_limits(TimeLimits limits) const override;
  std::string lock_limit(std::int64_t) const override { return {}; }
  const CatalogWords& catalog() const override;
  std::vector<std::string> server_identities() const override;
  std::string table_oid(const TableName& name) const override;
  Around planned_by_row() const override;
  bool upsert_names_its_key() const override { return traits_.upsert == UpsertForm::on_conflict; }
  bool catalogs_are_known() const override { return false; }
  bool may_count_bytes() const override { return true; }
  std::string create_stage(const std::string& stage, const std::vector<WireColumn>& columns) const override;
  std::string stage_name(std::size_t number, const std::vector<WireColumn>& columns) const override;
  std::string index_stage(const std::string&) const override { return {}; }

 protected:
  std::string guard(const Stream& stream, const std::string& table) const override;
  /// '' may be NULL, and a file's owner or a note may well be ''.
  bool forbids_null(ColumnType type) const override { return type != ColumnType::text && type != ColumnType::bytes; }
  std::string unnested(const std::vector<ArrayColumn>& arrays, const std::string& alias) const override;

 private:
  const OpenGaussTraits traits_;
};

}  // namespace forebay
