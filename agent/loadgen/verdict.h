#ifndef ASSAY_AGENT_LOADGEN_VERDICT_H_
#define ASSAY_AGENT_LOADGEN_VERDICT_H_

#include <cstdint>

#include "agent/loadgen/fate.h"
#include "agent/loadgen/request.h"

namespace assay::loadgen {

// Whether a complete answer is right, over whatever it came.
inline Fate VerdictOn(const Request& request, int status, uint64_t body_bytes, bool body_matches) {
  if (request.expect_status != 0 ? status != request.expect_status : status / 100 != 2) {
    return Fate::kUnexpectedStatus;
  }
  if (request.expect_length.has_value() && body_bytes != *request.expect_length) {
    return Fate::kWrongLength;
  }
  return body_matches ? Fate::kOk : Fate::kWrongBody;
}

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_VERDICT_H_
