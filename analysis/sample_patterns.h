#ifndef ASSAY_ANALYSIS_SAMPLE_PATTERNS_H_
#define ASSAY_ANALYSIS_SAMPLE_PATTERNS_H_

#include <cstdint>
#include <vector>

#include "analysis/random_stream.h"
#include "analysis/sample_codec.h"

namespace assay {

// Samples as one load thread records them, in the order of completion, for tests and benchmarks.

// A closed loop of `connections` against one server thread. The thread serves its queue in random order, about
// service_ns per request, and occasionally stalls for a millisecond or two. The default is an epoll server under 250
// connections at 50,000 requests per second: latencies of about 5 ms.
std::vector<Sample> ClosedLoopSamples(RandomStream* random, int count, int connections = 250,
                                      int64_t service_ns = 20'000);

// An open loop: Poisson arrivals at rate_per_s. Each response takes `base_ns` plus an independent exponential time of
// mean `base_ns`.
std::vector<Sample> OpenLoopSamples(RandomStream* random, int count, double rate_per_s = 20'000,
                                    int64_t base_ns = 40'000);

// Random samples: every bit of every field is random, with many extremes and equal neighbours.
std::vector<Sample> ArbitrarySamples(RandomStream* random, int count);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SAMPLE_PATTERNS_H_
