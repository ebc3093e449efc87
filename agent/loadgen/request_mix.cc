#include "agent/loadgen/request_mix.h"

#include <algorithm>

namespace assay::loadgen {

RequestMix::RequestMix(const std::vector<Request>& requests, uint64_t seed, uint64_t stream)
    : random_(seed, stream) {
  double sum = 0;
  for (const Request& request : requests) up_to_.push_back(sum += request.weight);
}

uint32_t RequestMix::Draw() {
  const double drawn = random_.NextDouble() * up_to_.back();
  const auto found = std::upper_bound(up_to_.begin(), up_to_.end() - 1, drawn);
  return static_cast<uint32_t>(found - up_to_.begin());
}

}  // namespace assay::loadgen
