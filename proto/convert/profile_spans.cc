#include "proto/convert/profile_spans.h"

#include "analysis/profile/sampling_cost.h"
#include "analysis/signed_rank.h"

namespace assay {
namespace {

std::optional<double> SamplingCostOf(const ProfileInfo& info) {
  constexpr double kNanosInSecond = 1e9;
  std::vector<SampledSpan> spans;
  for (const ProfileSpan& span : info.spans()) {
    spans.push_back(
        {.sampled = span.sampled(),
         .seconds = static_cast<double>(span.end_ns() - span.start_ns()) / kNanosInSecond,
         .cpu_seconds = static_cast<double>(span.cpu_ns()) / kNanosInSecond,
         .requests = static_cast<double>(span.requests())});
  }
  return SamplingCost(spans);
}

}  // namespace

std::optional<Estimate> SamplingCostOver(const std::vector<const ProfileInfo*>& runs) {
  std::vector<double> costs;
  for (const ProfileInfo* run : runs) {
    const std::optional<double> cost = SamplingCostOf(*run);
    if (cost.has_value()) costs.push_back(*cost);
  }
  if (costs.empty()) return std::nullopt;
  return HodgesLehmann(costs);
}

int64_t SampledNanos(const ProfileInfo& profile) {
  if (profile.spans().empty()) return profile.end_ns() - profile.start_ns();
  int64_t sampled_ns = 0;
  for (const ProfileSpan& span : profile.spans())
    if (span.sampled()) sampled_ns += span.end_ns() - span.start_ns();
  return sampled_ns;
}

}  // namespace assay
