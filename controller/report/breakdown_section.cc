#include "controller/report/breakdown_section.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/report/html_text.h"
#include "controller/results/difference_breakdown.h"

namespace assay::controller {
namespace {

constexpr double kBarWidth = 240;
constexpr double kBarHeight = 14;

// The scale that all bars share: from microseconds to a position in a bar.
class Scale {
 public:
  explicit Scale(const std::vector<BreakdownRow>& rows) {
    for (const BreakdownRow& row : rows) {
      const Estimate& us = row.cpu->us_per_request;
      low_ = std::min({low_, us.estimate, us.low.value_or(0)});
      high_ = std::max({high_, us.estimate, us.high.value_or(0)});
    }
    if (low_ == high_) high_ = 1;
  }
  double At(double us) const { return kBarWidth * (us - low_) / (high_ - low_); }

 private:
  double low_ = 0;
  double high_ = 0;
};

std::string Line(double x1, double x2, double y1, double y2) {
  return absl::StrFormat(
      "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\"/>", x1, x2, y1,
      y2);
}

std::string Bar(const BreakdownRow& row, const Scale& scale) {
  const Estimate& us = row.cpu->us_per_request;
  const bool significant = row.cpu->significant;
  const char* const color = !significant ? "currentColor" : us.estimate > 0 ? "#d9582b" : "#2f6fde";
  const double from = scale.At(std::min(0.0, us.estimate));
  const double to = scale.At(std::max(0.0, us.estimate));
  std::string svg = absl::StrFormat(
      "<svg width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-label=\"%s\">"
      "<rect x=\"%.1f\" y=\"2\" width=\"%.1f\" height=\"%.0f\" fill=\"%s\" fill-opacity=\"%s\"/>",
      kBarWidth, kBarHeight, HtmlText(row.DifferenceText()), from, to - from, kBarHeight - 4, color,
      significant ? "1" : "0.25");
  absl::StrAppend(&svg, Line(scale.At(0), scale.At(0), 0, kBarHeight));
  if (us.low.has_value() && us.high.has_value()) {
    const double middle = kBarHeight / 2;
    absl::StrAppend(&svg, Line(scale.At(*us.low), scale.At(*us.high), middle, middle));
  }
  return svg + "</svg>";
}

}  // namespace

std::string BreakdownFragment(const ProfilePair& pair, const DifferenceBreakdown& breakdown) {
  const std::vector<BreakdownRow> rows = RowsOf(breakdown);
  const Scale scale(rows);
  std::string html = absl::StrCat(
      "<p>", HtmlText(BreakdownSentence(pair, breakdown)),
      "</p><div class=\"wide\"><table class=\"costs\"><caption>What the difference is made of, "
      "us/request</caption><thead><tr><th></th><th>",
      HtmlText(pair.baseline->cell.target()), "</th><th>", HtmlText(pair.other->cell.target()),
      "</th><th>difference</th><th>95 % interval</th><th></th></tr></thead><tbody>");
  for (const BreakdownRow& row : rows) {
    // Functions are set apart from their category, also without a style sheet.
    const char* const indent = row.depth == 2 ? "&nbsp;&nbsp;&nbsp;" : "";
    const std::string name = HtmlText(row.name);
    absl::StrAppend(&html, "<tr><th scope=\"row\">", indent,
                    row.depth == 2 ? absl::StrCat("<small>", name, "</small>") : name, "</th>");
    absl::StrAppendFormat(&html, "<td>%.2f</td><td>%.2f</td><td>%s</td><td>%s</td><td>%s</td></tr>",
                          row.cpu->baseline, row.cpu->candidate, HtmlText(row.DifferenceText()),
                          row.IntervalText(), Bar(row, scale));
  }
  absl::StrAppend(&html, "</tbody></table></div>");
  for (const std::string& note : BreakdownNotes(pair, breakdown))
    absl::StrAppend(&html, "<p>", HtmlText(note), ".</p>");
  return html;
}

}  // namespace assay::controller
