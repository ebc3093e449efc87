#ifndef ASSAY_AGENT_TELEMETRY_ENVIRONMENT_H_
#define ASSAY_AGENT_TELEMETRY_ENVIRONMENT_H_

#include <map>
#include <string>

namespace assay::agent {

// Describes this host for readers of a result: keys such as "cpu.model", "kernel.release", "net.somaxconn", listed in
// docs/metrics.md. Every key is always present; if its value could not be read, the value is "unreadable: REASON".
// Values are one line of valid UTF-8.
//
// `root` is prepended to every path ("" for the machine, a folder of copies in a test). Cost: about 10 ms. It is called
// at the agent's start and before an execution, not within a window.
std::map<std::string, std::string> ReadEnvironment(const std::string& root = "");

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_ENVIRONMENT_H_
