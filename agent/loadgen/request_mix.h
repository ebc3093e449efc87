#ifndef ASSAY_AGENT_LOADGEN_REQUEST_MIX_H_
#define ASSAY_AGENT_LOADGEN_REQUEST_MIX_H_

#include <cstdint>
#include <vector>

#include "agent/loadgen/request.h"
#include "analysis/random_stream.h"

namespace assay::loadgen {

// Which request comes next: drawn by weight, from a seed. One a load thread. Cost: none for a
// single request, else one draw and a search among the weights.
class RequestMix {
 public:
  // REQUIRES: `requests` is not empty, and their weights are positive.
  RequestMix(const std::vector<Request>& requests, uint64_t seed, uint64_t stream);

  // Index among the requests.
  uint32_t Next() { return up_to_.size() == 1 ? 0 : Draw(); }

 private:
  uint32_t Draw();

  std::vector<double> up_to_;  // Sum of the weights up to and with each.
  RandomStream random_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REQUEST_MIX_H_
