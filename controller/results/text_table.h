#ifndef ASSAY_CONTROLLER_RESULTS_TEXT_TABLE_H_
#define ASSAY_CONTROLLER_RESULTS_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace assay {

// Rows of text in aligned columns, for people. Widths count characters of UTF-8, not bytes.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as there are columns.
  void AddRow(std::vector<std::string> cells);

  // Title, rule and rows, each line ended; no line has blanks at its end. A column that is empty in
  // every row is left out.
  std::string ToString() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "1,234,567".
std::string WithThousands(double value);

}  // namespace assay

#endif  // ASSAY_CONTROLLER_RESULTS_TEXT_TABLE_H_
