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

// An agent on this host, on an ephemeral port of the loopback, started for the length of one
// command: the same program that people start by hand. It ends when this process does, however that
// happens: its standard input is our pipe.
//
// Its data is in the agent's usual spool, of which each agent has a folder of its own: what a killed one left there is
// removed by the next.
//
// It has a process group of its own, so that Ctrl-C reaches only the controller, which then ends
// things in order.
class LocalAgent {
 public:
  struct Options {
    absl::Duration timeout = absl::Seconds(20);
    // What it may start; empty: the targets that come with the project.
    std::string catalogue;
    // Ends the wait; may be nullptr.
    const Interruption* interruption = nullptr;
  };

  // Returns once it listens. Errors carry its last output.
  static absl::StatusOr<std::unique_ptr<LocalAgent>> Start(const Options& options);
  static absl::StatusOr<std::unique_ptr<LocalAgent>> Start() { return Start(Options()); }
  // Asks it to end (SIGTERM), and after some seconds makes it.
  ~LocalAgent();
  LocalAgent(const LocalAgent&) = delete;
  LocalAgent& operator=(const LocalAgent&) = delete;

  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  // What it wrote to standard error so far: the end of it, at most 8 KiB.
  // A line of `what`, and what it printed last.
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
