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

// The program agent/agent, running for a test, over a catalogue of agent/testing/test_target.cc in each of its modes,
// "not_installed", whose program is not there, and "epoll", Assay's own server. Whatever it starts of these has
// mark() in its command line, and is killed with it at the latest when this is destroyed.
class AgentProcess {
 public:
  // Starts it with --listen=127.0.0.1:0 and these words, and waits until it listens; a failure is the test's. An empty
  // `spool` is a folder of its own.
  explicit AgentProcess(const std::vector<std::string>& words = {}, const std::string& spool = "");
  ~AgentProcess();

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  const std::string& mark() const { return mark_; }
  // The folder given as --spool.
  const std::string& spool() const { return spool_; }
  Agent::Stub& stub() { return *stub_; }
  // A stub on a connection of its own.
  std::unique_ptr<Agent::Stub> NewStub() const;

  // Sends a signal, or closes its standard input, and waits for its end: the exit status, or 128 plus the signal that
  // ended it.
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

// Runs agent/agent with these words to its end; what it printed, standard error included.
struct AgentRun {
  int status = 0;
  std::string output;
};
AgentRun RunAgentProgram(const std::vector<std::string>& words);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TESTING_AGENT_PROCESS_H_
