#ifndef ASSAY_CONTROLLER_REPORT_LEVEL_FIGURE_H_
#define ASSAY_CONTROLLER_REPORT_LEVEL_FIGURE_H_

#include <optional>
#include <string>
#include <vector>

namespace assay::controller {

// A figure over load levels, as the origin drew it: each execution a dot, the medians of a target joined by a line.
struct LevelFigure {
  struct Point {
    double level = 0;
    // One an execution.
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

// A figure element with an SVG drawing and its legend, from zero up; readable without a script, and in print. Colours
// are the classes series-0 ... series-7 of the page.
std::string LevelFigureHtml(const LevelFigure& figure);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_LEVEL_FIGURE_H_
