#ifndef ASSAY_AGENT_LOADGEN_DIAL_H_
#define ASSAY_AGENT_LOADGEN_DIAL_H_

#include <cstdint>

#include "agent/loadgen/outcome.h"
#include "agent/loadgen/target_address.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// A connection that is being opened without blocking.
struct Dialled {
  // Empty when it failed at once.
  UniqueFd fd;
  // Why it failed.
  Outcome outcome = Outcome::kOk;
};

// Begins to connect: TCP_NODELAY set, non-blocking. Writable when it is decided; DialOutcome()
// tells how.
Dialled Dial(const TargetAddress& target);
// The target at the first of its addresses that accepts a connection, waiting at most `timeout_ns` for each; unchanged
// where there is but one, or none does. Blocks.
TargetAddress FirstThatAccepts(const TargetAddress& target, int64_t timeout_ns);

// kOk: it is open.
Outcome DialOutcome(int fd);

// Closes with a reset: what is unread or unsent is gone, and no TIME_WAIT holds the source port.
void CloseWithReset(UniqueFd fd);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_DIAL_H_
