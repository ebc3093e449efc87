#ifndef ASSAY_CONTROLLER_RESULTS_CSV_ROW_H_
#define ASSAY_CONTROLLER_RESULTS_CSV_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::controller {

// One row of a CSV file (RFC 4180). Numbers are written by all their digits and read back as the same number.
//
// A spreadsheet takes a field that begins with '=', '+', '-', '@', a tab or a line break for a formula. Such a text gets an
// apostrophe in front, as OWASP advises; so does one that begins with apostrophes before such a character, so that taking one
// away always gives the text back. Numbers are not changed: -1 stays a number.
class CsvRow {
 public:
  CsvRow& Text(std::string_view text);
  CsvRow& Number(double value);
  // An empty field where there is no value.
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
