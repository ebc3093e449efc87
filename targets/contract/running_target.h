#ifndef ASSAY_TARGETS_CONTRACT_RUNNING_TARGET_H_
#define ASSAY_TARGETS_CONTRACT_RUNNING_TARGET_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/catalogue/catalogue.h"
#include "agent/jobs/private_folder.h"
#include "agent/launcher/launched_process.h"
#include "proto/catalogue.pb.h"

namespace assay::targets {

// A target of a catalogue that runs and serves on a free port of loopback, started as an agent starts it. The
// destructor stops it and everything that it started.
class RunningTarget {
 public:
  // Blocks until the target is ready. kFailedPrecondition if it is not installed, with the packages to install. Other
  // errors contain its last output.
  static absl::StatusOr<std::unique_ptr<RunningTarget>> Start(
      const agent::Catalogue& catalogue, const CatalogueTarget& target,
      const std::map<std::string, std::string>& options = {});

  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }
  const CatalogueTarget& target() const { return target_; }
  const agent::LaunchedProcess& process() const { return *process_; }

  // Stops it as its catalogue entry says and waits for the end. Returns an error if it had to be killed.
  absl::Status Stop();

 private:
  RunningTarget(CatalogueTarget target, agent::PrivateFolder folder)
      : target_(std::move(target)), folder_(std::move(folder)) {}

  const CatalogueTarget target_;
  const agent::PrivateFolder folder_;
  agent::ResolvedTarget resolved_;
  std::string address_;
  std::unique_ptr<agent::LaunchedProcess> process_;
};

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_RUNNING_TARGET_H_
