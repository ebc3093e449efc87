#ifndef ASSAY_AGENT_PARTS_LOADGEN_CHANNEL_H_
#define ASSAY_AGENT_PARTS_LOADGEN_CHANNEL_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/load_protocol/control.pb.h"
#include "common/unique_fd.h"

namespace assay {

// The agent's end of the socket pair of agent/load_protocol/control.proto.
//
// Threads: one at a time. Nothing here blocks.
class LoadgenChannel {
 public:
  // `theirs` is what the load generator inherits; close it here once it is started, or its end is never seen.
  static absl::StatusOr<LoadgenChannel> Create(UniqueFd& theirs);

  // Readable when Receive() has something to say.
  int fd() const { return fd_.get(); }

  // The next message; nothing when none has come yet. kUnavailable: the other side is gone. kDataLoss: a message that
  // cannot be read.
  absl::StatusOr<std::optional<loadgen::FromLoadgen>> Receive();
  // kUnavailable: the other side is gone, or has not read for very long.
  absl::Status Send(const loadgen::ToLoadgen& message);

 private:
  explicit LoadgenChannel(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  std::string buffer_;
};

}  // namespace assay

#endif  // ASSAY_AGENT_PARTS_LOADGEN_CHANNEL_H_
