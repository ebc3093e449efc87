#ifndef ASSAY_CONTROLLER_REPORT_FLAME_GRAPH_H_
#define ASSAY_CONTROLLER_REPORT_FLAME_GRAPH_H_

#include <string>
#include <string_view>
#include <vector>

#include "controller/report/flame_rows.h"

namespace assay::controller {

// Flame graphs as sections of a page. Each brings its data; a page holds as many as it likes, and
// FlameGraphStyle() and FlameGraphScript() once. Nothing is fetched: the page is one file. Without a
// script, and in print, a still picture of the wider frames is shown.

// A section element.
std::string FlameGraphFragment(const FlameGraph& graph);
std::string FlameGraphFragment(const DifferenceGraph& graph);

// What belongs into a style element, and into a script element at the end of the body.
std::string_view FlameGraphStyle();
std::string FlameGraphScript();

// A whole page of fragments.
std::string FlameGraphPage(std::string_view title, const std::vector<std::string>& fragments);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_FLAME_GRAPH_H_
