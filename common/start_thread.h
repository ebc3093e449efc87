#ifndef ASSAY_COMMON_START_THREAD_H_
#define ASSAY_COMMON_START_THREAD_H_

#include <functional>
#include <thread>

#include "absl/status/statusor.h"

namespace assay {

// Starts a thread that runs `body`. kResourceExhausted where the system gives no more of them (`ulimit -u`, a cgroup's
// pids.max, address space): a limit of the world, which std::thread reports by an exception.
absl::StatusOr<std::thread> StartThread(std::function<void()> body);

}  // namespace assay

#endif  // ASSAY_COMMON_START_THREAD_H_
