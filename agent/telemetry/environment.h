#ifndef ASSAY_AGENT_TELEMETRY_ENVIRONMENT_H_
#define ASSAY_AGENT_TELEMETRY_ENVIRONMENT_H_

#include <map>
#include <string>

namespace assay::agent {

// What this host is, for whoever reads a result later: keys such as "cpu.model", "kernel.release", "net.somaxconn",
// listed in docs/metrics.md. Every key is always there; one whose value could not be read says "unreadable: why".
// Values are valid UTF-8 of one line.
//
// `root` is put before every path that is read ("" for the machine, a folder of copies in a test).
// Cost: some 10 ms; once at the agent's start and again for an execution, not within a window.
std::map<std::string, std::string> ReadEnvironment(const std::string& root = "");

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_ENVIRONMENT_H_
