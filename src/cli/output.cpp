#include "cli/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "base/width.hpp"

namespace forebay::cli {

bool colours_belong(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  if (term == nullptr || *term == '\0' || std::string_view(term) == "dumb") return false;
  return ::isatty(descriptor) == 1;
}

std::string styled(Style style, std::string_view text, bool colours) {
  std::string_view code;
  switch (style) {
    case Style::plain:
      break;
    case Style::bold:
      code = "1";
      break;
    case Style::dim:
      code = "2";
      break;
    case Style::good:
      code = "32";
      break;
    case Style::warning:
      code = "33";
      break;
    case Style::bad:
      code = "31";
      break;
  }

  if (!colours || code.empty() || text.empty()) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

void Table::print(std::ostream& out, bool colours) const {
  std::vector<std::vector<std::string>> texts;
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    auto& cells = texts.emplace_back();
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(safe_line(row[i].text));
      widths[i] = std::max(widths[i], width(cells[i]));
    }
  }

  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t i = 0; i < texts[r].size(); ++i) {
      const std::string pad(widths[i] - width(texts[r][i]), ' ');
      const bool right = std::find(right_aligned_.begin(), right_aligned_.end(), i) != right_aligned_.end();
      const bool last = i + 1 == texts[r].size();

      if (right) out << pad;
      out << styled(rows_[r][i].style, texts[r][i], colours);
      if (!right && !last) out << pad;
      if (!last) out << "  ";
    }
    out << '\n';
    if (const auto below = below_.find(r); below != below_.end()) out << below->second;
  }
}

}  // namespace forebay::cli
