#ifndef ASSAY_CONTROLLER_REPORT_LEVEL_FIGURE_H_
#define ASSAY_CONTROLLER_REPORT_LEVEL_FIGURE_H_

#include <optional>
#include <string>
#include <vector>

namespace assay::controller {

// A figure over load levels, drawn as in the original experiment: each execution is a dot, and a line joins the
// medians of a target.
struct LevelFigure {
  struct Point {
    double level = 0;
    // One value per execution.
    std::vector<double> values;
    std::optional<double> median;
  };
  struct Series {
    std::string name;
    // By rising level.
    std::vector<Point> points;
  };

  // "Median latency", "us", "connections".
  std::string title;
  std::string unit;
  std::string level_title;
  std::vector<Series> series;
};

// A figure element with an SVG drawing and its legend. The axis starts at zero. The figure is readable without a
// script and in print. Colours are the classes series-0 ... series-7 of the page.
std::string LevelFigureHtml(const LevelFigure& figure);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_LEVEL_FIGURE_H_
