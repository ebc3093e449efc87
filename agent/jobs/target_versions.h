#ifndef ASSAY_AGENT_JOBS_TARGET_VERSIONS_H_
#define ASSAY_AGENT_JOBS_TARGET_VERSIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/catalogue/catalogue.h"

namespace assay::agent {

// What the targets of a catalogue say of their version. A command is asked once for each build of its program: by
// path, size and time of change.
//
// Threads: any; one command runs at a time. Cost: Of() starts the version command where it is not known yet, and
// waits 3 s at most; so never within a window.
class TargetVersions {
 public:
  // First nonempty line, standard output before standard error, at most 200 bytes. Empty: the target has no version
  // command, is not installed, or did not answer in time.
  std::string Of(const Catalogue& catalogue, const CatalogueTarget& target);

 private:
  absl::Mutex mutex_;
  std::map<std::string, std::string> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_TARGET_VERSIONS_H_
