#include "sink/postgres/distribution.hpp"

#include <algorithm>

#include "sink/dialect.hpp"

namespace forebay {
namespace {

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/// Whether what follows a name in a message shows that it ends there, or goes on with "_" and a shard's number.
bool ends_there(std::string_view rest) {
  if (rest.empty() || !in_name(rest[0])) return true;
  if (rest[0] != '_') return false;
  const auto digits_end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
  return digits_end > 1 && (digits_end == rest.size() || !in_name(rest[digits_end]));
}

/// How Citus is told to keep the table anew. By the first column of the key where that is asked for by nobody else.
Misfit distributed_wrongly(const Stream& stream, const std::string& quoted, const std::string& what) {
  const std::string table = quoted_literal(quoted);
  return {what, "",
          "SELECT undistribute_table(" + table + "); then, with the unique index on the key in place, SELECT " +
              "create_distributed_table(" + table + ", " + quoted_literal(stream.key.at(0)) + ")",
          false};
}

}  // namespace

Distribution distribution_of(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  Distribution found;
  if (!session.dialect().may_distribute()) return found;
  const auto row = session.exec(
      "SELECT p.partmethod, column_to_column_name(p.logicalrelid, p.partkey), m.amname FROM pg_class c LEFT JOIN "
      "pg_catalog.pg_dist_partition p ON p.logicalrelid = c.oid LEFT JOIN pg_am m ON m.oid = c.relam WHERE c.oid = "
      "$1::regclass",
      {quoted})[0];

  if (std::string_view(row[2].c_str()) == "columnar") {
    found.misfits.push_back({"its access method is columnar, which replaces no rows", "",
                             "SELECT alter_table_set_access_method(" + quoted_literal(quoted) + ", 'heap')", false});
  }

  found.distributed = !row[0].is_null();
  if (!found.distributed || stream.key.empty()) return found;
  const std::string method = row[0].c_str();
  const std::string column = row[1].c_str();
  if (method == "a") {
    found.misfits.push_back(distributed_wrongly(
        stream, quoted, "it is distributed by append, where Citus keeps no key unique and replaces no rows"));
  } else if (!column.empty() && std::find(stream.key.begin(), stream.key.end(), column) == stream.key.end()) {
    found.misfits.push_back(distributed_wrongly(
        stream, quoted,
        "it is distributed by column " + quoted_identifier(column) +
            ", which is no part of the key, so that Citus can keep no unique index on exactly the key"));
  }

  for (const auto& name : session.exec("SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass UNION SELECT "
                                       "c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE "
                                       "i.indrelid = $1::regclass AND i.indisunique",
                                       {quoted}))
    found.constraints.emplace_back(name[0].c_str());
  return found;
}

std::string named_constraint(std::string_view message, const std::vector<std::string>& constraints) {
  std::string found;
  for (const std::string& name : constraints) {
    if (name.size() <= found.size()) continue;
    for (auto at = message.find(name); at != std::string_view::npos; at = message.find(name, at + 1)) {
      if ((at == 0 || !in_name(message[at - 1])) && ends_there(message.substr(at + name.size()))) {
        found = name;
        break;
      }
    }
  }
  return found;
}

// XX000: what a worker refuses, and a connection that was lost before. 58030: one that is lost while rows are sent.
bool is_vague(std::string_view sqlstate) noexcept { return sqlstate == "XX000" || sqlstate == "58030"; }

}  // namespace forebay
