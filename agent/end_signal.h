#ifndef ASSAY_AGENT_END_SIGNAL_H_
#define ASSAY_AGENT_END_SIGNAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::agent {

// The request to end this program: SIGTERM, SIGINT, SIGHUP, or the end of standard input.
class EndSignal {
 public:
  // Blocks the signals in this thread and in every thread started later. Call it before starting threads.
  static absl::StatusOr<EndSignal> Create(bool with_standard_input);

  // Blocks until the request arrives. Returns its description, for people.
  std::string Wait();

 private:
  EndSignal(UniqueFd signals, bool with_standard_input)
      : signals_(std::move(signals)), with_standard_input_(with_standard_input) {}

  UniqueFd signals_;
  bool with_standard_input_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_END_SIGNAL_H_
