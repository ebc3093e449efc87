#include "controller/report/level_figure.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/number_text.h"
#include "controller/report/axis.h"
#include "controller/report/html_text.h"

namespace assay::controller {
namespace {

constexpr double kWidth = 560;
constexpr double kHeight = 300;
constexpr double kLeft = 64;
constexpr double kRight = 16;
constexpr double kTop = 14;
constexpr double kBottom = 44;
constexpr int kColours = 8;
constexpr int kTicks = 5;
// The distance between the dots of two targets, so that equal values do not cover each other.
constexpr double kBeside = 5;

class Scales {
 public:
  explicit Scales(const LevelFigure& figure) {
    double most = 0;
    std::set<double> levels;
    for (const LevelFigure::Series& series : figure.series) {
      for (const LevelFigure::Point& point : series.points) {
        levels.insert(point.level);
        for (const double value : point.values) most = std::max(most, value);
      }
    }
    levels_.assign(levels.begin(), levels.end());
    step_ = RoundStep(most > 0 ? most / kTicks : 1);
    top_ = step_ * std::max(1.0, std::ceil(most / step_ - 1e-9));
  }

  // Levels are drawn at equal distances, because plans usually raise them by factors.
  double X(double level) const {
    const auto place = static_cast<double>(std::lower_bound(levels_.begin(), levels_.end(), level) -
                                           levels_.begin());
    return kLeft + (kWidth - kLeft - kRight) * (place + 0.5) /
                       static_cast<double>(std::max<size_t>(1, levels_.size()));
  }
  double Y(double value) const {
    return kHeight - kBottom - (kHeight - kTop - kBottom) * value / top_;
  }

  const std::vector<double>& levels() const { return levels_; }
  double step() const { return step_; }
  double top() const { return top_; }

 private:
  std::vector<double> levels_;
  double step_ = 1;
  double top_ = 1;
};

std::string Axes(const LevelFigure& figure, const Scales& scales) {
  std::string svg;
  for (double value = 0; value <= scales.top() * (1 + 1e-9); value += scales.step()) {
    const double y = scales.Y(value);
    // Steps are round numbers except for rounding in the last digits of their sum.
    absl::StrAppendFormat(&svg,
                          "<line class=\"grid\" x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>"
                          "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.12g</text>",
                          kLeft, kWidth - kRight, y, y, kLeft - 6, y + 4, value);
  }
  for (const double level : scales.levels()) {
    absl::StrAppendFormat(&svg, "<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>",
                          scales.X(level), kHeight - kBottom + 18, NumberText(level));
  }
  absl::StrAppendFormat(&svg, "<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>",
                        (kLeft + kWidth - kRight) / 2, kHeight - 6, HtmlText(figure.level_title));
  return svg;
}

std::string Drawing(const LevelFigure::Series& series, size_t place, size_t count,
                    const Scales& scales) {
  const double beside =
      kBeside * (static_cast<double>(place) - (static_cast<double>(count) - 1) / 2);
  std::string dots;
  std::string line;
  for (const LevelFigure::Point& point : series.points) {
    const double x = scales.X(point.level) + beside;
    for (const double value : point.values) {
      absl::StrAppendFormat(
          &dots, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"><title>%s, %s: %s</title></circle>", x,
          scales.Y(value), HtmlText(series.name), NumberText(point.level), NumberText(value));
    }
    if (point.median.has_value())
      absl::StrAppendFormat(&line, "%.1f,%.1f ", x, scales.Y(*point.median));
  }
  return absl::StrFormat("<g class=\"series-%d\"><polyline points=\"%s\"/>%s</g>", place % kColours,
                         line, dots);
}

}  // namespace

std::string LevelFigureHtml(const LevelFigure& figure) {
  const Scales scales(figure);
  std::string html = absl::StrFormat(
      "<figure class=\"levels\"><figcaption>%s, %s</figcaption><svg viewBox=\"0 0 %g %g\" "
      "role=\"img\" "
      "aria-label=\"%s over %s\">%s",
      HtmlText(figure.title), HtmlText(figure.unit), kWidth, kHeight, HtmlText(figure.title),
      HtmlText(figure.level_title), Axes(figure, scales));
  std::string legend = "<p class=\"legend\">";
  for (size_t i = 0; i < figure.series.size(); ++i) {
    absl::StrAppend(&html, Drawing(figure.series[i], i, figure.series.size(), scales));
    absl::StrAppendFormat(&legend, "<span class=\"series-%d\">&#9679; %s</span> ", i % kColours,
                          HtmlText(figure.series[i].name));
  }
  return absl::StrCat(html, "</svg>", legend, "</p></figure>");
}

}  // namespace assay::controller
