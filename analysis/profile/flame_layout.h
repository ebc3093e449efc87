#ifndef ASSAY_ANALYSIS_PROFILE_FLAME_LAYOUT_H_
#define ASSAY_ANALYSIS_PROFILE_FLAME_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace assay {

// One frame of a flame graph whose total width is 1.
struct FlameBox {
  // Its index in the tree's order.
  uint32_t node = 0;
  uint32_t depth = 0;
  double left = 0;
  double width = 0;
};

// Lays out a tree: a child stands on its caller, beside earlier children, and children are together at most as wide
// as their caller. Nodes are in pre-order: `depths[0]` is 0, and each depth is at most one more than the one before
// it. `selves` are the nodes' own weights. Boxes narrower than `min_width`, and their callees, are left out, but
// still take up their width.
// REQUIRES: equal lengths, not empty; no negative weight.
std::vector<FlameBox> LayOutFlames(absl::Span<const uint32_t> depths,
                                   absl::Span<const double> selves, double min_width);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_FLAME_LAYOUT_H_
