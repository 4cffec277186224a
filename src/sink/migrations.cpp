#define XXH_STATIC_LINKING_ONLY  // XXH3_128bits

#include "sink/migrations.hpp"

#include <xxhash.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace forebay {

namespace {

std::string checksum_of(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  std::string hex;
  for (const unsigned char byte : bytes.digest) append_hex(hex, static_cast<char>(byte));
  return hex;
}

}  // namespace

std::string number_and_name(int number, const std::string& name) {
  return "migration " + std::to_string(number) + " " + name;
}

const AppliedMigration* find_applied(const std::vector<AppliedMigration>& rows, int number) {
  const auto at = std::ranges::find(rows, number, &AppliedMigration::number);
  return at == rows.end() ? nullptr : &*at;
}

std::vector<std::string> oddities(const std::vector<Migration>& known, const std::vector<AppliedMigration>& rows,
                                  const std::string& where) {
  std::vector<std::string> lines;
  for (const Migration& m : known) {
    const AppliedMigration* at = find_applied(rows, m.number);
    if (at != nullptr && at->checksum != m.checksum) {
      lines.push_back(number_and_name(m.number, m.name) +
                      " was applied with another text than this release has; the tables are left as they are");
    }
  }

  if (!rows.empty() && rows.back().number > known.back().number) {
    lines.push_back(where + " has " + number_and_name(rows.back().number, rows.back().name) +
                    ", which this release does not know: a newer forebay has been here");
  }
  return lines;
}

std::vector<Migration> migrations_of(std::string_view dialect) {
  const std::string folder = "sql/" + std::string(dialect) + "/";
  std::vector<Migration> found;
  for (const EmbeddedFile& file : embedded_sql()) {
    if (!file.path.starts_with(folder)) continue;
    const std::string_view leaf = file.path.substr(folder.size());  // NNNN_name.kind.sql
    int number = 0;
    const auto digits = std::from_chars(leaf.data(), leaf.data() + leaf.size(), number);
    const auto underscore = static_cast<std::size_t>(digits.ptr - leaf.data());
    const auto dot = leaf.find('.');
    if (digits.ec != std::errc() || dot == std::string_view::npos || leaf[underscore] != '_') continue;

    const std::string_view kind = leaf.substr(dot);
    auto at = std::find_if(found.begin(), found.end(), [&](const Migration& m) { return m.number == number; });
    if (at == found.end()) at = found.insert(found.end(), Migration{});
    at->number = number;
    at->name = leaf.substr(underscore + 1, dot - underscore - 1);

    if (kind == ".up.sql") {
      at->up = file.text;
      at->checksum = checksum_of(file.text);
    } else if (kind == ".down.sql") {
      at->down = file.text;
    } else if (kind == ".adopt.sql") {
      at->adopt = file.text;
    }
  }

  std::sort(found.begin(), found.end(), [](const Migration& a, const Migration& b) { return a.number < b.number; });
  return found;
}

std::vector<std::string> Migration::tables() const {
  constexpr std::string_view kDrop = "DROP TABLE IF EXISTS ";
  std::vector<std::string> names;
  for (auto at = down.find(kDrop); at != std::string_view::npos; at = down.find(kDrop, at)) {
    at += kDrop.size();
    names.emplace_back(down.substr(at, down.find(';', at) - at));
  }
  return names;
}

std::vector<WantedColumn> Migration::adds() const {
  constexpr std::string_view kAdd = " ADD COLUMN ";
  constexpr std::string_view kNotNull = " NOT NULL";
  constexpr std::string_view kDefault = " DEFAULT ";

  std::vector<WantedColumn> columns;
  for (auto at = adopt.find(kAdd); at != std::string_view::npos; at = adopt.find(kAdd, at)) {
    at += kAdd.size();
    const std::string_view definition = adopt.substr(at, adopt.find(';', at) - at);
    const auto otherwise = definition.find(kDefault);
    columns.push_back(
        {std::string(definition.substr(0, definition.find(' '))), std::string(definition),
         std::string(otherwise == std::string_view::npos ? std::string_view()
                                                         : definition.substr(otherwise + kDefault.size())),
         definition.find(kNotNull) != std::string_view::npos});
  }
  return columns;
}

std::string Migration::alters() const {
  constexpr std::string_view kAlter = "ALTER TABLE ";
  constexpr std::string_view kIf = "IF EXISTS ";
  const auto at = down.find(kAlter);
  if (at == std::string_view::npos) return {};
  std::string_view rest = down.substr(at + kAlter.size());
  if (rest.starts_with(kIf)) rest.remove_prefix(kIf.size());
  return std::string(rest.substr(0, rest.find(' ')));
}

std::optional<Migration> maker_of(std::string_view dialect, std::string_view table) {
  for (Migration& m : migrations_of(dialect)) {
    const std::vector<std::string> made = m.tables();
    if (std::find(made.begin(), made.end(), table) != made.end()) return std::move(m);
  }
  return std::nullopt;
}

}  // namespace forebay
