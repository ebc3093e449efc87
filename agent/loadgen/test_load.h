#ifndef ASSAY_AGENT_LOADGEN_TEST_LOAD_H_
#define ASSAY_AGENT_LOADGEN_TEST_LOAD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/loadgen/load_result.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/request.h"
#include "analysis/sample_codec.h"
#include "proto/agent.pb.h"

namespace assay::loadgen {

// Options as the command line would give them for GET / of that target, with 200 ms of window and a timeout of 5 s.
LoadOptions OptionsFor(const std::string& target, int connections,
                       const RequestSpec& request = RequestSpec());

// The same, in slots.
LoadOptions SlotOptionsFor(const std::string& target, int connections, const SlotSchedule& slots,
                           const RequestSpec& request = RequestSpec());

struct TestLoad {
  LoadResult result;
  // Every raw sample, of all threads.
  std::vector<Sample> samples;
};

// A whole run, with its samples. Expects that the account adds up and that samples, histograms and seconds agree with
// it. `while_running` is called when the load has begun. The load starts at `start_ns`; 0: now.
TestLoad RunTestLoad(const LoadOptions& options,
                     const std::function<void()>& while_running = nullptr, int64_t start_ns = 0);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TEST_LOAD_H_
