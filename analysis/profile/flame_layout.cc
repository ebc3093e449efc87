#include "analysis/profile/flame_layout.h"

#include <cassert>

namespace assay {
namespace {

// By node: the node and all its callees.
std::vector<double> Totals(absl::Span<const uint32_t> depths, absl::Span<const double> selves) {
  std::vector<double> totals(selves.begin(), selves.end());
  // Sums of the subtrees already visited (going backwards) that wait for their caller, by depth.
  std::vector<double> waiting;
  for (size_t i = depths.size(); i-- > 0;) {
    const size_t depth = depths[i];
    if (waiting.size() < depth + 2) waiting.resize(depth + 2);
    totals[i] += waiting[depth + 1];
    waiting[depth + 1] = 0;
    waiting[depth] += totals[i];
  }
  return totals;
}

}  // namespace

std::vector<FlameBox> LayOutFlames(absl::Span<const uint32_t> depths,
                                   absl::Span<const double> selves, double min_width) {
  assert(!depths.empty() && depths.size() == selves.size() && depths[0] == 0);
  const std::vector<double> totals = Totals(depths, selves);
  std::vector<FlameBox> boxes;
  if (!(totals[0] > 0)) return boxes;
  // The start of the next box at each depth.
  std::vector<double> next = {0};
  // Everything on a box that was left out is deeper than that box.
  bool skipping = false;
  uint32_t skipped_depth = 0;
  for (size_t i = 0; i < depths.size(); ++i) {
    const uint32_t depth = depths[i];
    if (skipping && depth > skipped_depth) continue;
    skipping = false;
    const double width = totals[i] / totals[0];
    const double left = next[depth];
    next[depth] += width;
    next.resize(depth + 2);
    next[depth + 1] = left;
    if (width < min_width) {
      skipping = true;
      skipped_depth = depth;
      continue;
    }
    boxes.push_back(
        {.node = static_cast<uint32_t>(i), .depth = depth, .left = left, .width = width});
  }
  return boxes;
}

}  // namespace assay
