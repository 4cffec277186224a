#include "support/expected_statements.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "sink/dialect.hpp"
#include "support/opengauss_values.hpp"

namespace forebay::test {
namespace {

/// The values of a Bind message, which are texts.
std::string bound_values(const std::string& body) {
  const auto short_at = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(body[at]) << 8 |
                                    static_cast<unsigned char>(body[at + 1]));
  };
  std::size_t at = body.find('\0', body.find('\0') + 1) + 1;
  at += 2 + 2 * short_at(at);  // formats
  const std::size_t count = short_at(at);
  at += 2;
  std::string values;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t size = number_at(body, at);
    at += 4;
    const bool null = size == 0xffffffff;
    values += (i == 0 ? "" : ", ") + (null ? "NULL" : quoted_literal(body.substr(at, size)));
    at += null ? 0 : size;
  }
  return count == 0 ? "" : "(" + values + ")";
}

class Script {
 public:
  explicit Script(std::string name) : name_(std::move(name)) {}

  std::string run(const std::vector<Heard>& heard) {
    for (std::size_t i = 0; i < heard.size(); ++i) {
      const std::string sql = heard[i].body.c_str();
      if (heard[i].type == 'Q' && sql.find("FROM STDIN (FORMAT 'binary')") != std::string::npos) {
        copy(sql, heard, i);
      } else if (heard[i].type == 'Q') {
        statements(sql, error_after(heard, i));
      } else if (heard[i].type == 'P') {
        with_values(heard, i);
      }
    }
    return text_;
  }

 private:
  /// Of the next message that is one: the errors of what was said before it.
  static std::string error_after(const std::vector<Heard>& heard, std::size_t i) {
    for (++i; i < heard.size() && heard[i].type != 'Q' && heard[i].type != 'P'; ++i)
      if (heard[i].type == 'E') return heard[i].body;
    return {};
  }

  std::string next_name() { return name_ + ", statement " + std::to_string(++count_); }

  void one(const std::string& sql, std::string error) {
    constexpr std::array<std::string_view, 3> kOfSome = {
        "session_timeout =", "idle_in_transaction_session_timeout =", "enable_upsert_to_merge ="};
    const bool of_some = sql.starts_with("SET ") && std::any_of(kOfSome.begin(), kOfSome.end(), [&](auto w) {
                           return sql.find(w) != std::string::npos;
                         });
    if (of_some) error = "SET|42704";
    if (sql.find("opengauss_version()") != std::string::npos) error = "|42883";  // a PostgreSQL has none
    if (!error.empty()) text_ += expects(error, next_name());
    text_ += sql + (sql.ends_with('\n') ? "" : ";\n");
  }

  /// Detection goes as forebay sends it, as a server parses a whole message before it runs any of it: in messages of
  /// the same statements, and without savepoints of the client's own.
  void detection(const std::string& sql) {
    const std::string savepoint = "SAVEPOINT forebay_probe";
    if (sql.starts_with(savepoint) && !std::exchange(detecting_, true)) text_ += "\\set ON_ERROR_ROLLBACK off\n";
    if (sql.starts_with("PREPARE forebay_probe")) {
      const auto end = sql.find("; DEALLOCATE");
      text_ += expects("PREPARE|DEALLOCATE|42601|42P01", next_name());  // 42P01: EXCLUDED
      text_ += sql.substr(0, end) + "\\" + sql.substr(end) + ";\n";
      return;
    }
    text_ += sql + ";\n";
    if (sql == "ROLLBACK" && std::exchange(detecting_, false)) text_ += "\\set ON_ERROR_ROLLBACK on\n";
  }

  /// psql sends one statement at a time, and an error is of the last one.
  void statements(std::string sql, const std::string& error) {
    if (detecting_ || sql == "SAVEPOINT forebay_probe") return detection(sql);
    for (;;) {
      constexpr std::array<std::string_view, 6> kShort = {"SAVEPOINT ", "RELEASE ", "ROLLBACK TO ",
                                                          "BEGIN",      "SET ",     "LOCK TABLE"};
      const auto end = sql.find("; ");
      const bool more = end != std::string::npos && std::any_of(kShort.begin(), kShort.end(), [&](auto w) {
                          return std::string_view(sql).starts_with(w);
                        });
      if (!more) break;
      one(sql.substr(0, end), {});
      sql.erase(0, end + 2);
    }
    if (!sql.empty()) one(sql, error);
  }

  void copy(const std::string& sql, const std::vector<Heard>& heard, std::size_t i) {
    const auto at = sql.find("COPY ");
    if (at > 0) statements(sql.substr(0, at - 2), {});
    std::string rows;
    for (std::size_t k = i + 1; k < heard.size() && heard[k].type != 'Q' && heard[k].type != 'P'; ++k)
      if (heard[k].type == 'd') rows += heard[k].body;
    const std::string file = name_ + "_" + std::to_string(++files_) + ".copy";
    text_ += file_of_bytes(file, rows);
    if (const std::string error = error_after(heard, i); !error.empty()) text_ += expects(error, next_name());
    text_ += copied_from(sql.substr(at), file);
  }

  void with_values(const std::vector<Heard>& heard, std::size_t i) {
    const std::string& body = heard[i].body;
    const std::string sql = body.substr(body.find('\0') + 1).c_str();
    std::string values;
    for (std::size_t k = i + 1; k < heard.size() && values.empty() && heard[k].type != 'Q' && heard[k].type != 'P'; ++k)
      if (heard[k].type == 'B') values = bound_values(heard[k].body);
    // Asked for only where it is there, as at openGauss; an EXECUTE of what was not prepared is 26000, there 26010.
    const bool may_fail = sql.find("pg_partition") != std::string::npos;
    if (may_fail) text_ += expects("PREPARE|42P01", next_name());
    text_ += "PREPARE said AS " + sql + ";\n";
    one("EXECUTE said" + values, may_fail ? "|26000|26010" : error_after(heard, i));
    if (may_fail) text_ += expects("DEALLOCATE|26000|26010", next_name());
    text_ += "DEALLOCATE said;\n";
  }

  const std::string name_;
  std::string text_;
  int count_ = 0, files_ = 0;
  bool detecting_ = false;
};

}  // namespace

std::string expects(const std::string& what, const std::string& name) {
  return "\\echo expects " + what + ": " + name + "\n";
}

std::string file_of_bytes(const std::string& name, std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = "-- file " + name + ": ";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[three >> (18 - 6 * k) & 63];
  }
  return text + "\n";
}

std::string copied_from(const std::string& copy, const std::string& file) {
  const auto at = copy.find("FROM STDIN");
  return "\\copy " + copy.substr(5, at - 5) + "FROM '" + file + "'" + copy.substr(at + 10) + "\n";
}

std::string said_again(const std::vector<Heard>& heard, const std::string& name) { return Script(name).run(heard); }

}  // namespace forebay::test
