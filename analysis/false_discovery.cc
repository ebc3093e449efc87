#include "analysis/false_discovery.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace assay {

std::vector<double> AdjustedPValues(absl::Span<const double> p_values) {
  const size_t count = p_values.size();
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(count);
  double smallest = 1;
  for (size_t rank = count; rank > 0; --rank) {
    const size_t test = order[rank - 1];
    smallest =
        std::min(smallest, p_values[test] * static_cast<double>(count) / static_cast<double>(rank));
    adjusted[test] = smallest;
  }
  return adjusted;
}

}  // namespace assay
