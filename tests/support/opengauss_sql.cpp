#include "support/opengauss_sql.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <vector>

namespace forebay::test {
namespace {

bool of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

struct Token {
  std::string space;  // and comments, before it
  std::string text;
  std::string word;  // in lower case; empty for strings and quoted names
};

/// Function bodies between $$ are read as SQL as well.
std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  const auto take_while = [&](auto holds) {
    const auto from = at;
    while (at < sql.size() && holds(sql[at])) ++at;
    return std::string(sql.substr(from, at - from));
  };
  while (at < sql.size()) {
    Token t;
    for (bool more = true; more;) {
      t.space += take_while([](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; });
      more = sql.substr(at, 2) == "--";
      if (more) t.space += take_while([](char c) { return c != '\n'; });
    }
    if (at < sql.size() && (sql[at] == '\'' || sql[at] == '"')) {
      const char quote = sql[at];
      do {  // a doubled quote is two strings side by side, which comes out the same
        const auto end = std::min(sql.find(quote, at + 1), sql.size() - 1);
        t.text += sql.substr(at, end + 1 - at);
        at = end + 1;
      } while (at < sql.size() && sql[at] == quote);
    } else if (at < sql.size() && of_word(sql[at])) {
      t.text = take_while(of_word);
      t.word = lower(t.text);
    } else if (at < sql.size()) {
      t.text = sql[at++];
      t.word = t.text;
    }
    tokens.push_back(std::move(t));
  }
  return tokens;
}

class Translation {
 public:
  Translation(std::string_view sql, const OpenGaussRelease& release) : release_(release), tokens_(tokens_of(sql)) {}

  std::string run() {
    if (const auto refused = refused_text()) return *refused;
    rename();
    answer();
    if (release_.empty_is_null()) {
      for (Token& t : tokens_)
        if (t.text == "''") t.text = "NULL";
    }
    std::string sql;
    for (const Token& t : tokens_) sql += t.space + t.text;
    return sql;
  }

 private:
  bool at(std::size_t i, std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
      if (i >= tokens_.size() || tokens_[i].word != word) return false;
      ++i;
    }
    return true;
  }

  /// A statement that PostgreSQL refuses as openGauss would have refused this one.
  std::optional<std::string> refused_text() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      // Alone, each of these words is a syntax error, 42601, at that word or behind it.
      for (const auto& missing :
           std::initializer_list<std::initializer_list<std::string_view>>{{"with", "ordinality"},
                                                                          {"lateral"},
                                                                          {"listen"},
                                                                          {"notify"},
                                                                          {"discard"},
                                                                          {"as", "identity"},
                                                                          {"partition", "of"},
                                                                          {"parallel"},
                                                                          // Dolphin 5.0.0 to 5.1.0, and 3.1.0 (G).
                                                                          {"default", "("},
                                                                          {"=", "on"},
                                                                          {"add", "column", "if"}}) {
        if (at(i, missing)) return std::string(*(missing.end() - 1));
      }
      if (!release_.takes_on_conflict && at(i, {"on", "conflict"})) return "conflict";
      if (!release_.index_if_not_exists && at(i, {"index", "if"})) return "if";
      if (!release_.copy_format_word && at(i, {"format", "binary"})) return "binary";
      if (release_.standby && at(i, {"savepoint"}))
        return raised("0B000", "cannot assign TransactionIds during recovery");
      if (const auto column = column_altered_twice(i); !column.empty())
        return raised("0A000", "cannot alter type of column \"" + column + "\" twice");
      if (at(i, {"on", "commit", "drop"})) return "CREATE TABLE never (n integer) ON COMMIT DROP";  // 42P16
      if (at(i, {"on", "duplicate", "key", "update"})) {
        if (const auto refused = translate_upsert(i)) return refused;
      }
      if (at(i, {"partition", "by", "hash"})) translate_partitions(i);
    }
    return std::nullopt;
  }

  /// A statement that ends in this error.
  static std::string raised(const std::string& sqlstate, const std::string& message) {
    return "DO $$ BEGIN RAISE EXCEPTION '" + message + "' USING ERRCODE = '" + sqlstate + "'; END $$";
  }

  /// The column that an ALTER TABLE which begins here alters twice, were it only its default and NOT NULL (R); or "".
  std::string column_altered_twice(std::size_t begin) const {
    std::vector<std::string> altered;
    if (!at(begin, {"alter", "table"})) return {};
    for (std::size_t i = begin + 2; i + 2 < tokens_.size() && tokens_[i].text != ";"; ++i) {
      if (!at(i, {"alter"})) continue;
      const std::string& column = tokens_[at(i + 1, {"column"}) ? i + 2 : i + 1].text;
      if (std::find(altered.begin(), altered.end(), column) != altered.end()) return column;
      altered.push_back(column);
    }
    return {};
  }

  /// PARTITION BY HASH (…) (PARTITION a, PARTITION b): there the partitions are part of the table's definition.
  void translate_partitions(std::size_t by) {
    std::string table;
    for (std::size_t i = 0; i + 2 < by; ++i)
      if (at(i, {"create", "table"})) table = tokens_[i + 2].text;
    std::size_t i = by;
    while (i < tokens_.size() && tokens_[i].text != ")") ++i;  // of the columns
    std::vector<std::string> names;
    for (++i; i < tokens_.size() && tokens_[i].text != ")"; ++i) {
      if (at(i, {"partition"})) names.push_back(tokens_[i + 1].text);
      tokens_[i] = Token{};
    }
    if (i == tokens_.size()) return;
    tokens_[i] = Token{};
    for (std::size_t n = 0; n < names.size(); ++n) {
      tokens_[i].text += "; CREATE TABLE " + table + "_" + names[n] + " PARTITION OF " + table +
                         " FOR VALUES WITH (MODULUS " + std::to_string(names.size()) + ", REMAINDER " +
                         std::to_string(n) + ")";
    }
  }

  /// VALUES("c"), as an upsert may name what would have been inserted.
  bool is_values_of_column(std::size_t i) const {
    return at(i, {"values", "("}) && i + 3 < tokens_.size() && tokens_[i + 3].text == ")";
  }

  std::optional<std::string> translate_inserted(std::size_t on) {
    for (std::size_t i = on + 4; i < tokens_.size() && tokens_[i].text != ";"; ++i) {
      if (release_.values_for_excluded && tokens_[i].word == "excluded")
        return "SELECT excluded.there_is_none";  // 42P01
      if (!is_values_of_column(i)) continue;
      if (!release_.values_for_excluded) return "values";
      tokens_[i].text = "EXCLUDED";
      tokens_[i].word.clear();
      tokens_[i + 1].text = ".";
      tokens_[i + 3] = Token{};
    }
    return std::nullopt;
  }

  /// ON DUPLICATE KEY UPDATE may not assign a key's column, so the key is what is inserted and not assigned. What
  /// forebay repeats from the row of that key comes after all that is assigned; a unique index on it could meet that
  /// row only.
  std::optional<std::string> translate_upsert(std::size_t on) {
    std::size_t insert = on;
    while (insert > 0 && !at(insert, {"insert", "into"})) --insert;
    if (insert > 0 && at(0, {"with"})) return "with";
    std::size_t i = insert;
    while (i < on && tokens_[i].text != "(") ++i;
    std::vector<std::string> inserted;
    for (++i; i < on && tokens_[i].text != ")"; ++i)
      if (tokens_[i].text != ",") inserted.push_back(tokens_[i].text);
    if (const auto refused = translate_inserted(on)) return refused;
    std::vector<std::string> assigned;
    bool begins = true;
    int depth = 0;
    for (i = on + 4; i < tokens_.size() && tokens_[i].text != ";"; ++i) {
      if (tokens_[i].word == "where" && !release_.upsert_where) return "where";
      if (tokens_[i].word == "where") break;
      if (tokens_[i].word == "returning" && !release_.returning_of_upsert) return "returning";
      if (begins) assigned.push_back(tokens_[i].text);
      depth += tokens_[i].text == "(" ? 1 : tokens_[i].text == ")" ? -1 : 0;
      begins = depth == 0 && tokens_[i].text == ",";
    }
    const auto is_assigned = [&](const std::string& column) {
      return std::find(assigned.begin(), assigned.end(), column) != assigned.end();
    };
    inserted.erase(std::find_if(inserted.rbegin(), inserted.rend(), is_assigned).base(), inserted.end());
    std::string key;
    for (const std::string& column : inserted) {
      if (!is_assigned(column)) key += (key.empty() ? "" : ", ") + column;
    }
    tokens_[on + 1].text = "CONFLICT (" + key + ")";
    tokens_[on + 2].text = "DO";
    tokens_[on + 3].text = "UPDATE SET";
    tokens_[on].word = {};  // done
    return std::nullopt;
  }

  void rename() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      Token& t = tokens_[i];
      // As functions 42883, as columns 42703, as settings 42704.
      for (const std::string_view missing : {"to_regclass", "row_security_active", "attidentity", "attgenerated",
                                             "relrowsecurity", "relforcerowsecurity", "lock_timeout"}) {
        if (t.word == missing) t.text = "opengauss_has_no_" + t.text;
      }
      if (t.word == "idle_in_transaction_session_timeout") {
        if (!release_.idle_in_transaction) {
          t.text = "opengauss_has_no_" + t.text;
        } else if (i + 2 < tokens_.size() && tokens_[i + 1].text == "=") {
          tokens_[i + 2].text += "000";  // there in seconds, here in milliseconds
        }
      }
      const bool is_set = i + 1 < tokens_.size() && tokens_[i + 1].text == "=";
      if (is_set &&
          (t.word == "session_timeout" || (t.word == "enable_upsert_to_merge" && release_.idle_in_transaction)))
        t.text = "forebay_stand_in." + t.text;
      if (t.word == "unnest" && has_several_arguments(i + 1)) t.text = "opengauss_has_no_unnest_of_several";
    }
  }

  bool has_several_arguments(std::size_t open) const {
    int depth = 0;
    for (std::size_t i = open; i < tokens_.size(); ++i) {
      const std::string& text = tokens_[i].text;
      if (text == "," && depth == 1) return true;
      depth += text == "(" || text == "[" ? 1 : text == ")" || text == "]" ? -1 : 0;
      if (depth == 0) return false;
    }
    return false;
  }

  /// What detection asks.
  void answer() {
    const std::string version = release_.version;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      rename_partitions(tokens_[i]);
      if (at(i, {"version", "(", ")"})) {
        const std::string name = release_.version_says != nullptr ? release_.version_says
                                 : release_.hides                 ? "PostgreSQL " + version + " (a relative)"
                                                  : "(openGauss " + version + " build 0a1b2c3d) compiled at never";
        replace(i, 3, "(SELECT '" + name + ", a stand-in'::text)");
      } else if (at(i, {"pg_catalog", ".", "opengauss_version", "(", ")"}) && release_.version_function) {
        replace(i, 5, "(SELECT '" + version + "'::text)");
      } else if (at(i, {"pg_catalog", ".", "pg_proc", "as"}) && release_.version_function && !release_.hides) {
        replace(i, 3,
                "(SELECT proname, pronamespace FROM pg_catalog.pg_proc UNION ALL SELECT 'opengauss_version', oid FROM "
                "pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')");
      } else if (release_.standby && at(i, {"pg_catalog", ".", "pg_is_in_recovery", "(", ")"})) {
        replace(i, 5, "true");
      } else if (at(i, {"pg_catalog", ".", "pg_partition"})) {
        replace(i, 3, "(SELECT inhparent AS parentid FROM pg_inherits)");
      } else if (at(i, {"pg_catalog", ".", "pg_database", "as"}) && !release_.hides) {
        replace(i, 3, "(SELECT *, '" + std::string(release_.mode) + "'::name AS datcompatibility FROM pg_database)");
      } else if (at(i, {"pg_catalog", ".", "pg_settings"})) {
        const std::string idle = "'idle_in_transaction_session_timeout'";
        replace(
            i, 3,
            "(SELECT name, CASE name WHEN " + idle +
                " THEN 's' ELSE unit END AS unit, context, setting FROM pg_settings WHERE name <> 'lock_timeout'" +
                (release_.idle_in_transaction ? " UNION ALL SELECT 'enable_upsert_to_merge', NULL, 'user', 'off'"
                                              : " AND name <> " + idle) +
                (release_.values_for_excluded
                     ? " UNION ALL SELECT 'dolphin.sql_mode', NULL, 'user', coalesce(current_setting("
                       "'dolphin.sql_mode', true), 'sql_mode_strict,sql_mode_full_group,pipes_as_concat,ansi_quotes,"
                       "no_zero_date,pad_char_to_full_length')"
                     : "") +
                " UNION ALL SELECT 'session_timeout', 's', 'user', '600') AS settings");
      }
    }
  }

  /// Where the catalog pg_partition is looked for, pg_inherits is found: see answer().
  void rename_partitions(Token& t) const {
    if (t.text == "'pg_partition'") t.text = "'pg_inherits'";
    if (t.text == "'parentid'") t.text = "'inhparent'";
  }

  void replace(std::size_t from, std::size_t count, const std::string& text) {
    tokens_[from].text = text;
    for (std::size_t i = from + 1; i < from + count; ++i) tokens_[i] = Token{};
  }

  const OpenGaussRelease& release_;
  std::vector<Token> tokens_;
};

}  // namespace

std::string as_postgres_runs_it(std::string_view sql, const OpenGaussRelease& release) {
  return Translation(sql, release).run();
}

}  // namespace forebay::test
