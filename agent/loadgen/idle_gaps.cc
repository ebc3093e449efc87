#include "agent/loadgen/idle_gaps.h"

#include <algorithm>

#include "common/monotonic_clock.h"

namespace assay::loadgen {
namespace {

// A clock read takes 20 to 60 ns: gaps below this are the loop itself.
constexpr int64_t kShortNs = 200;
constexpr int64_t kLostNs = 20'000;
constexpr size_t kMostGaps = 1 << 18;

int64_t TimeWeightedQuantile(const std::vector<int64_t>& sorted, int64_t short_ns, int64_t total_ns,
                             double q) {
  const double wanted = q * static_cast<double>(total_ns);
  auto below = static_cast<double>(short_ns);
  for (const int64_t gap : sorted) {
    below += static_cast<double>(gap);
    if (below >= wanted) return short_ns >= wanted ? kShortNs : gap;
  }
  return sorted.empty() ? kShortNs : sorted.back();
}

}  // namespace

IdleGapFigures FiguresOfGaps(std::vector<int64_t> gaps_ns, int64_t short_ns) {
  std::sort(gaps_ns.begin(), gaps_ns.end());
  int64_t total = short_ns;
  int64_t lost = 0;
  for (const int64_t gap : gaps_ns) {
    total += gap;
    if (gap > kLostNs) lost += gap;
  }
  if (total == 0) return {};
  return {.observed_ns = total,
          .p99_ns = TimeWeightedQuantile(gaps_ns, short_ns, total, 0.99),
          .p999_ns = TimeWeightedQuantile(gaps_ns, short_ns, total, 0.999),
          .lost_share = static_cast<double>(lost) / static_cast<double>(total)};
}

IdleGapFigures ObserveIdleGaps(int64_t duration_ns) {
  if (duration_ns <= 0) return {};
  std::vector<int64_t> gaps(kMostGaps);  // Touched here: a page fault would be a gap.
  size_t count = 0;
  const int64_t begin = MonotonicNanos();
  int64_t long_ns = 0;
  int64_t last = begin;
  while (last - begin < duration_ns && count < kMostGaps) {
    const int64_t now = MonotonicNanos();
    if (now - last >= kShortNs) {
      gaps[count++] = now - last;
      long_ns += now - last;
    }
    last = now;
  }
  gaps.resize(count);
  return FiguresOfGaps(std::move(gaps), last - begin - long_ns);
}

}  // namespace assay::loadgen
