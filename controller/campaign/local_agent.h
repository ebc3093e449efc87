#ifndef ASSAY_CONTROLLER_CAMPAIGN_LOCAL_AGENT_H_
#define ASSAY_CONTROLLER_CAMPAIGN_LOCAL_AGENT_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/unique_fd.h"
#include "controller/campaign/interruption.h"

namespace assay::controller {

// An agent process on this host, on an ephemeral port of the loopback interface. It runs the same program
// that users start by hand, and lives as long as one command. Its standard input is a pipe from this
// process, so it ends when this process ends, even if this process is killed.
//
// It stores its data in the usual spool of agents, where each agent has its own folder. The next agent deletes the
// folder of a killed agent.
//
// It has its own process group, so that Ctrl-C reaches only the controller, which then shuts everything
// down in order.
class LocalAgent {
 public:
  struct Options {
    absl::Duration timeout = absl::Seconds(20);
    // Path of the catalogue of targets. Empty: the catalogue that comes with Assay.
    std::string catalogue;
    // Ends the wait for the agent's start; may be nullptr.
    const Interruption* interruption = nullptr;
  };

  // Starts an agent and waits until it listens. Errors include its last output.
  static absl::StatusOr<std::unique_ptr<LocalAgent>> Start(const Options& options);
  static absl::StatusOr<std::unique_ptr<LocalAgent>> Start() { return Start(Options()); }
  // Ends the agent with SIGTERM, and after some seconds with SIGKILL.
  ~LocalAgent();
  LocalAgent(const LocalAgent&) = delete;
  LocalAgent& operator=(const LocalAgent&) = delete;

  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  // An error whose message is `what`, followed by the last 8 KiB or less of the agent's standard error.
  absl::Status FailedWithLastOutput(absl::StatusCode code, std::string_view what) const;

 private:
  LocalAgent() = default;
  absl::Status Spawn(const Options& options);
  absl::Status AwaitAddress(const Options& options);
  void DrainErrors();

  pid_t pid_ = -1;
  std::string address_;
  UniqueFd lifeline_;
  UniqueFd output_;
  UniqueFd errors_;
  mutable absl::Mutex mutex_;
  std::string last_output_ ABSL_GUARDED_BY(mutex_);
  std::thread drain_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_LOCAL_AGENT_H_
