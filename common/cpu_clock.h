#ifndef ASSAY_COMMON_CPU_CLOCK_H_
#define ASSAY_COMMON_CPU_CLOCK_H_

#include <cstdint>

namespace assay {

// CPU time that the calling thread has used, in nanoseconds. Cost: one system call, about 200 ns.
int64_t ThreadCpuNanos();

}  // namespace assay

#endif  // ASSAY_COMMON_CPU_CLOCK_H_
