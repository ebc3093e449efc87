#ifndef ASSAY_COMMON_LOAD_LIMITS_H_
#define ASSAY_COMMON_LOAD_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace assay {

// The limits of a load. The rules of a plan, an agent's check of a request and loadgen's flags share them, so that an
// agent accepts every plan that `check` accepts.

// Minimum of a window and of a timeout.
inline constexpr double kShortestSeconds = 0.001;
// Maximum of a window, a warm-up, a timeout, a think time and a pause: one day.
inline constexpr double kLongestSeconds = 24 * 3600;
inline constexpr uint64_t kShortestNs = 1'000'000;
inline constexpr uint64_t kLongestNs = 86'400'000'000'000;

// A window that is bounded by requests ends with an error after one hour.
inline constexpr double kLongestCountedSeconds = 3600;
// More requests than one host can send in that hour.
inline constexpr uint64_t kMostRequests = 10'000'000'000;

// Maximum connections of a plan's level, and of one loadgen.
inline constexpr uint32_t kMostConnections = 1'000'000;
// Maximum connections of one agent, which loads a single address: one agent has at most this many source ports.
inline constexpr uint32_t kMostAgentConnections = 60'000;
inline constexpr uint32_t kMostThreads = 256;
// Maximum requests in flight per connection.
inline constexpr uint32_t kMostPipeline = 1'024;

// Maximum requests per second of all load agents together. Each of N agents sends an N-th.
inline constexpr double kLowestRate = 1e-12;
inline constexpr double kHighestRate = 1e8;

// Maximum bytes of a request's body and the expected body of the response together. A workload travels to its agents in
// one gRPC message of at most 4 MiB.
inline constexpr size_t kMostBodyBytes = size_t{3} << 20;
// The status codes that a response may be expected to have. Clients skip interim responses (1xx).
inline constexpr uint32_t kLowestStatus = 200;
inline constexpr uint32_t kHighestStatus = 999;

// Options of a target, which become program arguments: their number, and the bytes of a name and of a value.
inline constexpr int kMostOptions = 100;
inline constexpr size_t kMostOptionNameBytes = 100;
inline constexpr size_t kMostOptionBytes = 4'096;

// Maximum samples of a profile per second.
inline constexpr uint32_t kMostProfileHz = 10'000;

}  // namespace assay

#endif  // ASSAY_COMMON_LOAD_LIMITS_H_
