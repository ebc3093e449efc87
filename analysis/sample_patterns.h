#ifndef ASSAY_ANALYSIS_SAMPLE_PATTERNS_H_
#define ASSAY_ANALYSIS_SAMPLE_PATTERNS_H_

#include <cstdint>
#include <vector>

#include "analysis/random_stream.h"
#include "analysis/sample_codec.h"

namespace assay {

// What one load thread records, in the order of completion, for tests and benchmarks.

// A closed loop of `connections` against one server thread that answers in random order of its
// queue, about service_ns each, and now and then stalls for a millisecond or two. The default is an
// epoll server under 250 connections at 50,000 requests a second: latencies about 5 ms.
std::vector<Sample> ClosedLoopSamples(RandomStream* random, int count, int connections = 250,
                                      int64_t service_ns = 20'000);

// An open loop: Poisson arrivals at rate_per_s, each answered after `base_ns` and an exponential
// time of mean `base_ns`, independently.
std::vector<Sample> OpenLoopSamples(RandomStream* random, int count, double rate_per_s = 20'000,
                                    int64_t base_ns = 40'000);

// Anything at all: every bit of every field is drawn, with many extremes and equal neighbours.
std::vector<Sample> ArbitrarySamples(RandomStream* random, int count);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SAMPLE_PATTERNS_H_
