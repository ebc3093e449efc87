#ifndef ASSAY_CONTROLLER_REPORT_FLAME_SVG_H_
#define ASSAY_CONTROLLER_REPORT_FLAME_SVG_H_

#include <string>

#include "controller/report/flame_rows.h"

namespace assay::controller {

// The graph as a still picture, for print and where no script runs: an svg element whose colours are
// the variables of flame.css. Frames of a thousandth of the width and more, at most 2,500 of them, in
// 40 rows, which fit a printed page; a last line says how many rows are left out. Each frame has a
// title that browsers show as a tooltip.
std::string FlameSvg(const FlameGraph& graph, const FlameRows& rows);
// Colour says who takes longer, grey that it may be chance.
std::string FlameSvg(const DifferenceGraph& graph, const FlameRows& rows);

// "12.5 %", "0.48 %".
std::string PercentText(double share);
// "3.21 us" with a Greek mu: as many digits as help.
std::string MicrosecondsText(double us);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_FLAME_SVG_H_
