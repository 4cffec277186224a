#include "sink/sql_statements.hpp"

#include <algorithm>
#include <sstream>

namespace forebay {
namespace {

/// Behind what is quoted or commented out from `at` on; `at` itself where nothing is.
std::size_t behind_quoted(std::string_view sql, std::size_t at) {
  std::string_view end;
  if (sql.substr(at, 2) == "--") {
    end = "\n";
  } else if (sql[at] == '\'' || sql[at] == '"') {
    end = sql.substr(at, 1);
  } else if (sql[at] == '$') {
    const std::size_t tag = sql.find('$', at + 1);
    if (tag == std::string_view::npos) return at;
    end = sql.substr(at, tag + 1 - at);
  } else {
    return at;
  }
  const std::size_t found = sql.find(end, at + std::max<std::size_t>(end.size(), 1));
  return found == std::string_view::npos ? sql.size() : found + end.size();
}

}  // namespace

std::vector<std::string> statements_of(std::string_view sql) {
  std::vector<std::string> statements;
  std::string now;
  const auto take = [&] {
    if (!now.empty()) statements.push_back(now);
    now.clear();
  };
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t behind = behind_quoted(sql, at);
    const std::string_view piece = sql.substr(at, std::max<std::size_t>(behind - at, 1));
    at += piece.size();
    if (piece == ";") {
      take();
    } else if (!now.empty() || (!piece.starts_with("--") && piece.find_first_not_of(" \n\r\t") != std::string::npos)) {
      now += piece;
    }
  }
  take();
  return statements;
}

std::string head_of(std::string_view statement) {
  constexpr int kWords = 5;
  std::istringstream words(std::string(statement.substr(0, statement.find('('))));
  std::string head;
  std::string word;
  for (int i = 0; i < kWords && words >> word; ++i) head += (head.empty() ? "" : " ") + word;
  return head;
}

}  // namespace forebay
