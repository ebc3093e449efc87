#include "agent/jobs/loadgen_channel.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "proto/text/valid_text.h"

namespace assay::agent {
namespace {

// Of one message, by control.proto; and for a few that wait.
constexpr size_t kMostBytes = size_t{384} << 10;
constexpr int kSocketBytes = 1 << 20;

}  // namespace

absl::StatusOr<LoadgenChannel> LoadgenChannel::Create(UniqueFd& theirs) {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoStatus(errno, "cannot make the load generator's control socket");
  }
  UniqueFd ours(ends[0]);
  theirs.reset(ends[1]);
  // As far as the system allows; less only makes the load generator wait for us, after its window.
  for (const int fd : ends) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
  }
  return LoadgenChannel(std::move(ours));
}

absl::StatusOr<std::optional<loadgen::FromLoadgen>> LoadgenChannel::Receive() {
  buffer_.resize(kMostBytes);
  const ssize_t got = recv(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::optional<loadgen::FromLoadgen>();
  if (got <= 0) return absl::UnavailableError("the load generator closed its control socket");
  loadgen::FromLoadgen message;
  const size_t size = static_cast<size_t>(got);
  if (size > buffer_.size() || !ParseMendingText({buffer_.data(), size}, &message)) {
    return absl::DataLossError(
        absl::StrCat("a message of ", size, " bytes from the load generator cannot be read"));
  }
  return message;
}

absl::Status LoadgenChannel::Send(const loadgen::ToLoadgen& message) {
  const std::string bytes = SerializeValidText(message);
  if (send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot talk to the load generator: ", ErrnoStatus(errno, "send").message()));
  }
  return absl::OkStatus();
}

}  // namespace assay::agent
