#ifndef ASSAY_CONTROLLER_RESULTS_TEXT_TABLE_H_
#define ASSAY_CONTROLLER_RESULTS_TEXT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace assay::controller {

// The default width of text for people, in characters.
inline constexpr size_t kTextColumns = 100;
inline constexpr size_t kAnyWidth = SIZE_MAX;

// Rows of text in aligned columns, for people. Widths count characters of UTF-8, not bytes.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
    // Left out if the table would be too wide, the last such column first.
    bool optional = false;
  };

  // Cleans titles and cells with TerminalText() of common/utf8.h.
  explicit TextTable(std::vector<Column> columns);

  // REQUIRES: as many cells as there are columns.
  void AddRow(std::vector<std::string> cells);

  // Title, rule and rows, each with a line end and without trailing blanks. A column that is empty in every row is
  // left out. The table is at most `width` characters wide if possible: names (left-aligned columns) are shortened in
  // their middle, then optional columns are left out, then names are shortened further.
  std::string ToString(size_t width = kAnyWidth) const;

 private:
  // The width of each column; 0 for a column that is left out.
  std::vector<size_t> WidthsWithin(size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Shortens a name to at most `width` characters: "long-na...the-end".
std::string Shortened(const std::string& text, size_t width);

// Characters of the longest line.
size_t WidestLine(const std::string& text);

// Breaks each line that is longer than `width` at blanks. Continuation lines are indented by four more than the line.
// A longer word stays whole.
std::string Wrapped(const std::string& text, size_t width);

// At least four significant digits and no exponent above 1: "0.01235", "12.35", "1234567".
std::string FourDigits(double value);

// "1,234,567".
std::string WithThousands(double value);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_TEXT_TABLE_H_
