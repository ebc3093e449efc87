#ifndef ASSAY_AGENT_AGENT_OPTIONS_H_
#define ASSAY_AGENT_AGENT_OPTIONS_H_

#include <ostream>
#include <string>
#include <vector>

#include "agent/jobs/address.h"
#include "agent/service/credentials.h"

namespace assay::agent {

// What an agent is told on its command line, checked.
struct AgentOptions {
  // The host may be a name; port 0 picks one.
  HostPort listen;
  // Whether others than this host reach it.
  bool beyond_loopback = false;
  // Absolute.
  std::string catalogue;
  std::string spool;
  TlsPaths tls;
  // Beyond loopback, and the server's own agent, load may go here too.
  std::vector<Cidr> allowed_destinations;
  // Whether the end of standard input is the end of the agent: whoever started it is gone.
  bool exit_with_parent = false;
};

// Reads a command line. Returns kGoOn of common/command_line.h when `options` is filled, else the exit status; what is
// wrong is on `err`. Resolves the host of --listen, which may block.
int ParseAgentOptions(int argc, char** argv, AgentOptions& options, std::ostream& out,
                      std::ostream& err);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_AGENT_OPTIONS_H_
