#include "controller/gates/same_host.h"

#include <string>

namespace assay::controller {

bool OnSameHost(const AgentDescription& a, const AgentDescription& b) {
  const auto boot = [](const AgentDescription& description) {
    const auto found = description.environment().find("kernel.boot_id");
    return found == description.environment().end() ? std::string() : found->second;
  };
  if (!boot(a).empty() || !boot(b).empty()) return boot(a) == boot(b);
  return a.host() == b.host();
}

}  // namespace assay::controller
