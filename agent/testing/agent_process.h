#ifndef ASSAY_AGENT_TESTING_AGENT_PROCESS_H_
#define ASSAY_AGENT_TESTING_AGENT_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "grpcpp/security/credentials.h"
#include "proto/agent.grpc.pb.h"

namespace assay::agent {

// Runs the program agent/agent for a test. Its catalogue has agent/testing/test_target.cc in each of its modes; "alone",
// which is as "good" but cannot be alive together with other targets; "not_installed", whose program does not exist; and
// "epoll", Assay's own server. The started targets have mark() in their command lines; they and the agent are killed at
// the latest when this object is destroyed.
class AgentProcess {
 public:
  // Starts the agent with --listen=127.0.0.1:0 and these flags, and waits until it listens. A failure fails the test.
  // An empty `spool` means a new folder.
  explicit AgentProcess(const std::vector<std::string>& flags = {}, const std::string& spool = "");
  ~AgentProcess();

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  const std::string& mark() const { return mark_; }
  // The folder given as --spool.
  const std::string& spool() const { return spool_; }
  Agent::Stub& stub() { return *stub_; }
  // A stub on a connection of its own.
  std::unique_ptr<Agent::Stub> NewStub() const;

  // Sends a signal, or closes the agent's standard input, and waits until the agent has ended. Returns the exit status,
  // or 128 plus the signal that ended it.
  int End(int signal);
  int CloseInputAndWait();

 private:
  void WriteCatalogue(const std::string& path) const;
  int WaitForExit();

  std::string mark_;
  std::string folder_;
  std::string spool_;
  std::string address_;
  pid_t pid_ = -1;
  UniqueFd input_;
  std::unique_ptr<Agent::Stub> stub_;
};

// Runs agent/agent with these flags to its end. `output` includes standard error.
struct AgentRun {
  int status = 0;
  std::string output;
};
AgentRun RunAgentProgram(const std::vector<std::string>& flags);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TESTING_AGENT_PROCESS_H_
