#ifndef ASSAY_AGENT_LOADGEN_STOP_SIGNALS_H_
#define ASSAY_AGENT_LOADGEN_STOP_SIGNALS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// SIGINT and SIGTERM as something to poll for, in place of the end of the process.
class StopSignals {
 public:
  // From now on they are caught, in this thread and those it starts.
  static absl::StatusOr<StopSignals> Catch();

  int fd() const { return fd_.get(); }
  // Takes one, if one has come.
  bool Take();

 private:
  explicit StopSignals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_STOP_SIGNALS_H_
