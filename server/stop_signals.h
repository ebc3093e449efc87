#ifndef ASSAY_SERVER_STOP_SIGNALS_H_
#define ASSAY_SERVER_STOP_SIGNALS_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/unique_fd.h"

namespace assay::server {

// Turns SIGTERM and SIGINT into a descriptor that becomes readable, and stays so. The process ends at
// most `limit` after the first of the two signals, with status 0, even if a thread still works on a request.
//
// Call once, before other threads start. Starts no thread: the process stays single-threaded.
absl::StatusOr<UniqueFd> WatchStopSignals(absl::Duration limit);

}  // namespace assay::server

#endif  // ASSAY_SERVER_STOP_SIGNALS_H_
