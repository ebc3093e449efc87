#ifndef ASSAY_AGENT_LOAD_PROTOCOL_CONTROL_SOCKET_H_
#define ASSAY_AGENT_LOAD_PROTOCOL_CONTROL_SOCKET_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/unique_fd.h"

namespace google::protobuf {
class Message;
}

namespace assay::loadgen {

// One end of the SOCK_SEQPACKET socket pair between an agent and its load generator: whole protobuf messages, in order.
//
// A message travels as one packet or more of at most kPacketBytes. The first byte of a packet is 1 where more of the same
// message follows, else 0; the rest are bytes of the serialised message.
//
// Threads: one at a time. After an error the socket can only be closed.
class ControlSocket {
 public:
  static constexpr size_t kPacketBytes = size_t{64} << 10;
  // Larger than any LoadSpec that an agent accepts over gRPC, together with the body that is expected.
  static constexpr size_t kMaxMessageBytes = size_t{64} << 20;

  // A new pair: this end, and in `theirs` the one that the other process inherits. Close `theirs` here once that process
  // is started, or its end is never seen.
  static absl::StatusOr<ControlSocket> Create(UniqueFd& theirs);
  // Takes an inherited end over. kInvalidArgument when it is not a SOCK_SEQPACKET socket; it is closed then, too.
  static absl::StatusOr<ControlSocket> Adopt(int fd);

  // Readable when Receive() may have something to give.
  int fd() const { return fd_.get(); }

  // Sends one message. Where the socket is full it waits until the other side has read, at most `timeout` for each
  // packet; zero: not at all. kUnavailable: the other side is gone, or does not read. kInvalidArgument: it is too large.
  absl::Status Send(const google::protobuf::Message& message, absl::Duration timeout);

  // Reads the next message into `message`, without waiting. False: it has not come, or not all of it. kUnavailable: the
  // other side is gone. kDataLoss: what came is no such message.
  absl::StatusOr<bool> Receive(google::protobuf::Message& message);

 private:
  explicit ControlSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  // What has come of the next message.
  std::string incoming_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOAD_PROTOCOL_CONTROL_SOCKET_H_
