#ifndef ASSAY_COMMON_LOAD_LIMITS_H_
#define ASSAY_COMMON_LOAD_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace assay {

// The bounds of a load. The rules of a plan, an agent's check of a request and loadgen's flags all use these, so that an
// agent takes every plan that `check` passes.

// A window, a timeout: at least this long.
inline constexpr double kShortestSeconds = 0.001;
// A window, a warm-up, a timeout, a think time, a pause: at most a day.
inline constexpr double kLongestSeconds = 24 * 3600;
inline constexpr uint64_t kShortestNs = 1'000'000;
inline constexpr uint64_t kLongestNs = 86'400'000'000'000;

// A window that is bounded by requests is given up after an hour.
inline constexpr double kLongestCountedSeconds = 3600;
// More than one host sends in that hour.
inline constexpr uint64_t kMostRequests = 10'000'000'000;

// Of a plan's level, and of one loadgen.
inline constexpr uint32_t kMostConnections = 1'000'000;
// Of one agent, which loads a single address: more than it has source ports.
inline constexpr uint32_t kMostAgentConnections = 60'000;
inline constexpr uint32_t kMostThreads = 256;
// Requests in flight on a connection.
inline constexpr uint32_t kMostPipeline = 1'024;

// Requests a second, over all load agents. Each of N agents gets an N-th.
inline constexpr double kLowestRate = 1e-12;
inline constexpr double kHighestRate = 1e8;

// A workload travels to its agents in one gRPC message, which holds 4 MiB: this much of it may be the request's body and
// the response's expected body together.
inline constexpr size_t kMostBodyBytes = size_t{3} << 20;
// Status codes that a response may be expected to have. Interim responses (1xx) are read over.
inline constexpr uint32_t kLowestStatus = 200;
inline constexpr uint32_t kHighestStatus = 999;

// Options of a target, which become arguments of its program: how many, and the bytes of a name and of a value.
inline constexpr int kMostOptions = 100;
inline constexpr size_t kMostOptionNameBytes = 100;
inline constexpr size_t kMostOptionBytes = 4'096;

// Samples of a profile a second.
inline constexpr uint32_t kMostProfileHz = 10'000;

}  // namespace assay

#endif  // ASSAY_COMMON_LOAD_LIMITS_H_
