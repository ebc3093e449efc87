#ifndef ASSAY_AGENT_JOBS_GENERATOR_SPEC_H_
#define ASSAY_AGENT_JOBS_GENERATOR_SPEC_H_

#include "agent/jobs/address.h"
#include "agent/load_protocol/control.pb.h"
#include "common/cpu_set.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// The window of the load generator for `spec`: in slots, the length of all own slots.
Window GeneratorWindow(const LoadSpec& spec);

// What the load generator does for `spec`, which CheckOpenRequest() has passed: at `destination`, which was admitted, on
// `cpus`, which were reserved. What only the agent does (confirm the destination, check the response first) is left out.
loadgen::GeneratorSpec GeneratorSpecFor(const LoadSpec& spec, const HostPort& destination,
                                        const CpuSet& cpus);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_GENERATOR_SPEC_H_
