#include "cli/commands/restore_streams.hpp"

#include <algorithm>
#include <array>

#include "base/stream_columns.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

const Stream* built_in(std::string_view name) {
  for (const Stream* s : {&backup_files_stream(), &backup_sets_stream()}) {
    if (s->name == name) return s;
  }
  return nullptr;
}

/// Why rows of this declaration must not be sent; empty: they may.
std::string problem_of(const Stream& declared) {
  const std::string table = ascii_lower(declared.table);
  const auto dot = table.find('.');
  const std::string schema = dot == std::string::npos ? "" : table.substr(0, dot);
  const std::string bare = dot == std::string::npos ? table : table.substr(dot + 1);
  if (schema.starts_with("pg_") || schema == "information_schema" || bare.starts_with("sqlite_") ||
      bare == "sync_batches" || bare == "forebay_migrations") {
    return "table '" + printable(declared.table) + "' is not one for rows";
  }

  const Stream* own = built_in(declared.name);
  if (own == nullptr) return {};
  if (declared.table != own->table) return "its table is '" + printable(declared.table) + "', not " + own->table;
  if (declared.key != own->key || declared.version_column != own->version_column)
    return "its key or version column is not that of this release";
  for (const Column& c : declared.columns) {
    const Column* known = find_column(*own, c.name);
    if (known == nullptr || known->type != c.type)
      return "this release knows no such column '" + printable(c.name) + "'; use a newer one";
  }

  for (const Column& c : own->columns) {
    if (c.not_null && find_column(declared, c.name) == nullptr) return "it has no column '" + c.name + "'";
  }
  return {};
}

}  // namespace

RestoreStreams::RestoreStreams() : registry_({backup_files_stream(), backup_sets_stream()}) {}

const Stream& RestoreStreams::sent_as(const Stream& declared, const std::filesystem::path& file) {
  std::string problem;
  try {
    declared.check();
    problem = problem_of(declared);
    if (!problem.empty()) problem = "stream '" + printable(declared.name) + "': " + problem;
  } catch (const Error& e) {
    problem = e.what();
  }
  if (!problem.empty()) {
    throw Error(ErrorCode::damaged,
                "checkpoint " + printable(file.string()) + " cannot be restored: " + problem + "; nothing was sent");
  }

  const Stream* known = registry_.same_as(declared);
  if (const auto at = sent_.find(known); at != sent_.end()) return at->second;

  Stream sent = *known;
  const auto taken = [&](const std::string& name) {
    const Stream* own = built_in(name);
    return (own != nullptr && registry_.same_as(*own) != known) ||
           std::ranges::any_of(sent_, [&](const auto& s) { return s.second.name == name; });
  };
  for (int n = 2; taken(sent.name); ++n) sent.name = declared.name + " (" + std::to_string(n) + ")";
  return sent_.emplace(known, std::move(sent)).first->second;
}

std::vector<Stream> RestoreStreams::besides_built_in() const {
  std::vector<Stream> streams;
  for (const auto& [declaration, sent] : sent_) {
    if (built_in(sent.name) == nullptr) streams.push_back(sent);
  }
  return streams;
}

std::vector<std::string> RestoreStreams::missing_columns(const Stream& declared) {
  std::vector<std::string> missing;
  if (const Stream* own = built_in(declared.name)) {
    for (const Column& c : own->columns) {
      if (find_column(declared, c.name) == nullptr) missing.push_back(c.name);
    }
  }
  return missing;
}

std::optional<std::size_t> set_column(const Stream& stream) {
  const bool of_sets = stream.name == backup_sets_stream().name;
  return position_of(stream, of_sets ? "id" : "backup_set_id", ColumnType::integer);
}

}  // namespace forebay::cli
