#ifndef ASSAY_AGENT_SERVICE_SELF_DESCRIPTION_H_
#define ASSAY_AGENT_SERVICE_SELF_DESCRIPTION_H_

#include <optional>
#include <string>

#include "agent/catalogue/catalogue.h"
#include "agent/jobs/cpu_placement.h"
#include "agent/jobs/target_versions.h"
#include "common/cpu_set.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// Describes this agent and its host.
//
// Threads: one at a time. Cost: the first call runs the version command of each target. Later calls only read the
// environment again, which takes about 10 ms.
class SelfDescription {
 public:
  // `catalogue` and `versions` must outlive it. `data_folder`: where the agent keeps its spools; described by its free
  // space.
  SelfDescription(const Catalogue& catalogue, TargetVersions& versions, CpuSet cpus,
                  CpuPlacement placement, std::string data_folder);

  AgentDescription Describe();

 private:
  void DescribeTargets(AgentDescription& description);
  void DescribeAbilities(AgentDescription& description);
  // Starts a program that ends at once to find out.
  Ability TryPidNamespace();

  const Catalogue& catalogue_;
  TargetVersions& versions_;
  const CpuSet cpus_;
  const CpuPlacement placement_;
  const std::string data_folder_;
  const std::string instance_id_;
  std::optional<Ability> pid_namespace_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_SELF_DESCRIPTION_H_
