#ifndef ASSAY_AGENT_AGENT_OPTIONS_H_
#define ASSAY_AGENT_AGENT_OPTIONS_H_

#include <ostream>
#include <string>
#include <vector>

#include "agent/jobs/address.h"
#include "agent/service/credentials.h"

namespace assay::agent {

// The checked command line of an agent.
struct AgentOptions {
  // The host may be a name. Port 0: any free port.
  HostPort listen;
  // Whether other hosts can reach the agent.
  bool beyond_loopback = false;
  // Absolute path.
  std::string catalogue;
  std::string spool;
  TlsPaths tls;
  // Networks that load may be sent to, in addition to loopback and the hosts of confirming server agents.
  std::vector<Cidr> allowed_destinations;
  // Whether the agent ends at the end of standard input, that is, when the process that started it has ended.
  bool exit_with_parent = false;
};

// Parses a command line. Returns kGoOn of common/command_line.h when `options` is filled, else the exit status, after
// writing the error to `err`. Resolves the host of --listen, which may block.
int ParseAgentOptions(int argc, char** argv, AgentOptions& options, std::ostream& out,
                      std::ostream& err);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_AGENT_OPTIONS_H_
