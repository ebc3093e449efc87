#ifndef ASSAY_ANALYSIS_PROFILE_FLAME_LAYOUT_H_
#define ASSAY_ANALYSIS_PROFILE_FLAME_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace assay {

// One frame of a flame graph whose whole width is 1.
struct FlameBox {
  // Its place in the tree's order.
  uint32_t node = 0;
  uint32_t depth = 0;
  double left = 0;
  double width = 0;
};

// Lays a tree out: a child stands on its caller, beside the children before it, and children are
// never wider than their caller. Nodes come in pre-order: `depths[0]` is 0, and each is at most one
// more than the one before it. `selves` are the nodes' own weights. Boxes narrower than `min_width`,
// and what stands on them, are left out; they keep their place.
// REQUIRES: equal lengths, not empty; no negative weight.
std::vector<FlameBox> LayOutFlames(absl::Span<const uint32_t> depths,
                                   absl::Span<const double> selves, double min_width);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_FLAME_LAYOUT_H_
