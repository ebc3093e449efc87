#include "controller/results/csv_row.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/number_text.h"

namespace assay::controller {
namespace {

// The full-width forms of these characters have the same effect in some languages' spreadsheets.
constexpr absl::string_view kFormulaBegins[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                                "\n", "＝", "＋", "－", "＠"};

bool LooksLikeFormula(absl::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\''), text.size()));
  return std::any_of(std::begin(kFormulaBegins), std::end(kFormulaBegins),
                     [text](absl::string_view begin) { return absl::StartsWith(text, begin); });
}

}  // namespace

CsvRow& CsvRow::Text(std::string_view text) {
  const absl::string_view view(text.data(), text.size());
  std::string field = absl::StrCat(LooksLikeFormula(view) ? "'" : "", view);
  // Some programs split at semicolons or tabs. The text after such a character must not become a field that begins
  // with '='.
  if (field.find_first_of(",;\"\t\r\n") != std::string::npos)
    field = absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
  Append(field);
  return *this;
}

CsvRow& CsvRow::Number(double value) {
  Append(NumberText(value));
  return *this;
}

CsvRow& CsvRow::Number(const std::optional<double>& value) {
  return value.has_value() ? Number(*value) : Nothing();
}

CsvRow& CsvRow::Count(uint64_t value) {
  Append(absl::StrCat(value));
  return *this;
}

CsvRow& CsvRow::Nothing() {
  Append("");
  return *this;
}

void CsvRow::Append(std::string_view field) {
  if (!first_) line_ += ',';
  first_ = false;
  line_ += field;
}

}  // namespace assay::controller
