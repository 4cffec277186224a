#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace forebay::cli {

/// True where colours belong: a terminal that is not "dumb", unless NO_COLOR is set to anything (https://no-color.org).
bool colours_belong(int descriptor);

enum class Style : std::uint8_t { plain, bold, dim, good, warning, bad };

/// The text in colour where `colours` says so, else as it is.
std::string styled(Style style, std::string_view text, bool colours);

/// Columns of text, each as wide on a terminal as its widest cell, two spaces apart. What a cell holds is made
/// printable.
class Table {
 public:
  struct Cell {
    Cell(std::string cell_text,
         Style cell_style = Style::plain)  // NOLINT(google-explicit-constructor): rows read well so
        : text(std::move(cell_text)), style(cell_style) {}
    Cell(const char* cell_text) : text(cell_text) {}  // NOLINT(google-explicit-constructor)
    std::string text;
    Style style = Style::plain;
  };

  /// Columns named here are aligned to the right.
  explicit Table(std::vector<std::size_t> right_aligned = {}) : right_aligned_(std::move(right_aligned)) {}

  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  /// Whole lines, as they are, that stand below the last row.
  void add_below(std::string lines) { below_[rows_.size() - 1] = std::move(lines); }
  bool empty() const { return rows_.empty(); }
  void print(std::ostream& out, bool colours) const;

 private:
  std::vector<std::size_t> right_aligned_;
  std::vector<std::vector<Cell>> rows_;
  std::map<std::size_t, std::string> below_;  // by row
};

}  // namespace forebay::cli
