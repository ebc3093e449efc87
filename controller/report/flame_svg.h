#ifndef ASSAY_CONTROLLER_REPORT_FLAME_SVG_H_
#define ASSAY_CONTROLLER_REPORT_FLAME_SVG_H_

#include <string>

#include "controller/report/flame_rows.h"

namespace assay::controller {

// The graph as a still picture, for print and for browsers without scripts: an svg element whose colours are the
// variables of flame.css. It shows at most 2,500 frames, each at least a thousandth of the width, in at most 40
// levels, which fit a printed page. A last line reports the number of levels that are left out. Each frame has a
// title, which browsers show as a tooltip.
std::string FlameSvg(const FlameGraph& graph, const FlameRows& rows);
// The colour shows which set takes longer; grey: the difference may be chance.
std::string FlameSvg(const DifferenceGraph& graph, const FlameRows& rows);

// "12.5 %", "0.48 %".
std::string PercentText(double share);
// "3.21 us" with a Greek mu, with as many digits as are useful.
std::string MicrosecondsText(double us);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_FLAME_SVG_H_
