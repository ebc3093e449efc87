#include "analysis/profile/sampling_cost.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "analysis/signed_rank.h"

namespace assay {
namespace {

constexpr double kShortestSeconds = 0.05;

// Responses per second of CPU time; 0 if not known.
double Rate(const SampledSpan& span, bool by_cpu) {
  if (span.seconds < kShortestSeconds) return 0;
  const double seconds = by_cpu ? span.cpu_seconds : span.seconds;
  return seconds > 0 ? span.requests / seconds : 0;
}

bool AllHaveCpu(absl::Span<const SampledSpan> spans) {
  for (const SampledSpan& span : spans) {
    if (span.seconds >= kShortestSeconds && !(span.cpu_seconds > 0)) return false;
  }
  return true;
}

}  // namespace

std::optional<double> SamplingCost(absl::Span<const SampledSpan> spans) {
  const bool by_cpu = AllHaveCpu(spans);
  std::vector<double> logs;
  for (size_t i = 1; i + 1 < spans.size(); ++i) {
    if (spans[i].sampled || !spans[i - 1].sampled || !spans[i + 1].sampled) continue;
    const double before = Rate(spans[i - 1], by_cpu);
    const double resting = Rate(spans[i], by_cpu);
    const double after = Rate(spans[i + 1], by_cpu);
    if (before > 0 && resting > 0 && after > 0)
      logs.push_back((std::log(before) + std::log(after)) / 2 - std::log(resting));
  }
  if (logs.empty()) return std::nullopt;
  return 1 - std::exp(HodgesLehmann(logs).estimate);
}

}  // namespace assay
