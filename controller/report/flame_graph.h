#ifndef ASSAY_CONTROLLER_REPORT_FLAME_GRAPH_H_
#define ASSAY_CONTROLLER_REPORT_FLAME_GRAPH_H_

#include <string>
#include <string_view>
#include <vector>

#include "controller/report/flame_rows.h"

namespace assay::controller {

// Flame graphs as sections of a page. Each section contains its data. A page may hold any number of sections, and
// needs FlameGraphStyle() and FlameGraphScript() once. The page is one file and loads nothing. Without a script, and
// in print, it shows a still picture of the wider frames.

// A section element.
std::string FlameGraphFragment(const FlameGraph& graph);
std::string FlameGraphFragment(const DifferenceGraph& graph);

// The contents of a style element, and of a script element at the end of the body.
std::string_view FlameGraphStyle();
std::string FlameGraphScript();

// A whole page made of fragments.
std::string FlameGraphPage(std::string_view title, const std::vector<std::string>& fragments);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_FLAME_GRAPH_H_
