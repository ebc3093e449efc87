#ifndef ASSAY_AGENT_END_SIGNAL_H_
#define ASSAY_AGENT_END_SIGNAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::agent {

// The wish that this program ends: SIGTERM, SIGINT or SIGHUP, or the end of standard input.
class EndSignal {
 public:
  // Takes the signals away from every thread that is started later; call it before there are any.
  static absl::StatusOr<EndSignal> Create(bool with_standard_input);

  // Waits for it; returns what it was, for people.
  std::string Wait();

 private:
  EndSignal(UniqueFd signals, bool with_standard_input)
      : signals_(std::move(signals)), with_standard_input_(with_standard_input) {}

  UniqueFd signals_;
  bool with_standard_input_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_END_SIGNAL_H_
