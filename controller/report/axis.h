#ifndef ASSAY_CONTROLLER_REPORT_AXIS_H_
#define ASSAY_CONTROLLER_REPORT_AXIS_H_

namespace assay::controller {

// The distance between the marks of an axis: the smallest number that is at least `least` and 1, 2, 2.5 or 5 times a power
// of ten. `least` > 0.
double RoundStep(double least);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_AXIS_H_
