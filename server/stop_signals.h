#ifndef ASSAY_SERVER_STOP_SIGNALS_H_
#define ASSAY_SERVER_STOP_SIGNALS_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/unique_fd.h"

namespace assay::server {

// Makes SIGTERM and SIGINT a descriptor that becomes readable, and stays so. The process ends at the latest `limit` after
// the first of them, with status 0, whatever its threads do then: a request whose work takes longer is given up.
//
// To be called once, before other threads are started. No thread of its own: the process stays single-threaded.
absl::StatusOr<UniqueFd> WatchStopSignals(absl::Duration limit);

}  // namespace assay::server

#endif  // ASSAY_SERVER_STOP_SIGNALS_H_
