#include "controller/campaign/span_requests.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "common/status_macros.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {

SpanRequests::SpanRequests(const ProfileInfo& info, int64_t server_start_ns) {
  const int64_t first_ns = info.start_ns() - server_start_ns;
  if (info.spans().empty()) {
    spans_.push_back({.start_ns = first_ns, .end_ns = info.end_ns() - server_start_ns});
  }
  for (const ProfileSpan& span : info.spans()) {
    spans_.push_back({.start_ns = first_ns + span.start_ns(), .end_ns = first_ns + span.end_ns()});
  }
}

absl::Status SpanRequests::Add(const SampleChunk& chunk, int64_t load_start_ns) {
  samples_.clear();
  ASSAY_RETURN_IF_ERROR(DecodeChunk(chunk, &samples_));
  for (const Sample& sample : samples_) {
    const int64_t response_ns = sample.intended_ns + sample.latency_ns - load_start_ns;
    if (sample.outcome != SampleOutcome::kOk) continue;
    const auto span =
        std::upper_bound(spans_.begin(), spans_.end(), response_ns,
                         [](int64_t at_ns, const Span& one) { return at_ns < one.end_ns; });
    if (span != spans_.end() && response_ns >= span->start_ns) ++span->requests;
  }
  return absl::OkStatus();
}

void SpanRequests::Count(ProfileInfo* info) const {
  if (info->spans().empty()) {
    assert(spans_.size() == 1);
    info->set_requests(spans_.front().requests);
    return;
  }
  assert(static_cast<size_t>(info->spans_size()) == spans_.size());
  uint64_t sampled = 0;
  for (size_t i = 0; i < spans_.size(); ++i) {
    ProfileSpan& span = *info->mutable_spans(static_cast<int>(i));
    span.set_requests(spans_[i].requests);
    if (span.sampled()) sampled += span.requests();
  }
  info->set_requests(sampled);
}

}  // namespace assay::controller
