#ifndef ASSAY_AGENT_LOADGEN_RESPONSE_CHECK_H_
#define ASSAY_AGENT_LOADGEN_RESPONSE_CHECK_H_

#include <cstdint>

#include "agent/loadgen/outcome.h"
#include "agent/loadgen/request.h"

namespace assay::loadgen {

// Whether a complete response is right, over whatever it came.
inline Outcome CheckResponse(const Request& request, int status, uint64_t body_bytes,
                             bool body_matches) {
  if (request.expect_status != 0 ? status != request.expect_status : status / 100 != 2) {
    return Outcome::kUnexpectedStatus;
  }
  if (request.expect_length.has_value() && body_bytes != *request.expect_length) {
    return Outcome::kWrongLength;
  }
  return body_matches ? Outcome::kOk : Outcome::kWrongBody;
}

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RESPONSE_CHECK_H_
