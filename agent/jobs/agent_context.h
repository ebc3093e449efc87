#ifndef ASSAY_AGENT_JOBS_AGENT_CONTEXT_H_
#define ASSAY_AGENT_JOBS_AGENT_CONTEXT_H_

#include <string>

#include "agent/catalogue/catalogue.h"
#include "agent/jobs/cpu_ledger.h"
#include "agent/jobs/cpu_placement.h"
#include "agent/jobs/destination_rules.h"
#include "agent/jobs/port_ledger.h"
#include "agent/jobs/target_versions.h"

namespace assay::agent {

// What all jobs of an agent share. Made by main(), and outlives them.
struct AgentContext {
  const Catalogue& catalogue;
  TargetVersions& versions;
  CpuLedger& ledger;
  PortLedger& ports;
  const DestinationRules& destinations;
  CpuPlacement placement;
  // Whether the agent itself listens beyond loopback: its servers may then too.
  bool beyond_loopback = false;
  // For spools and private folders; absolute.
  std::string folder;
  // The program agent/loadgen/loadgen; absolute.
  std::string loadgen;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_AGENT_CONTEXT_H_
