#ifndef ASSAY_COMMON_START_THREAD_H_
#define ASSAY_COMMON_START_THREAD_H_

#include <functional>
#include <thread>

#include "absl/status/statusor.h"

namespace assay {

// Starts a thread that runs `body`. kResourceExhausted if the system refuses another thread (`ulimit -u`, a cgroup's
// pids.max, address space). std::thread reports that by an exception.
absl::StatusOr<std::thread> StartThread(std::function<void()> body);

}  // namespace assay

#endif  // ASSAY_COMMON_START_THREAD_H_
