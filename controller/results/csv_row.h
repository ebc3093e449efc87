#ifndef ASSAY_CONTROLLER_RESULTS_CSV_ROW_H_
#define ASSAY_CONTROLLER_RESULTS_CSV_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::controller {

// One row of a CSV file (RFC 4180). A number is written with all its digits and reads back as the same number.
//
// Spreadsheets interpret a field that begins with '=', '+', '-', '@', a tab or a line break as a formula. Such a text
// is prefixed with an apostrophe, as OWASP recommends. So is a text that begins with apostrophes before such a
// character: removing one apostrophe always restores the text. Numbers are not changed: -1 stays a number.
class CsvRow {
 public:
  CsvRow& Text(std::string_view text);
  CsvRow& Number(double value);
  // An empty field if the value is not set.
  CsvRow& Number(const std::optional<double>& value);
  CsvRow& Count(uint64_t value);
  // An empty field.
  CsvRow& Nothing();

  // The row with its line end.
  std::string Line() const { return line_ + "\r\n"; }

 private:
  void Append(std::string_view field);

  std::string line_;
  bool first_ = true;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CSV_ROW_H_
