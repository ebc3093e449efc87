#include "agent/loadgen/agent_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status_macros.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/response_counts_proto.h"
#include "proto/text/valid_text.h"

namespace assay::loadgen {
namespace {

constexpr size_t kMaxMessage = 384 * 1024;
// An agent that does not read for that long is as good as gone.
constexpr int kSendTimeoutMs = 10'000;

void FillSecond(const Interval& row, WindowSecond* second) {
  second->set_second(row.second);
  second->set_sent(row.sent);
  second->set_ok(row.ok);
  second->set_errors(row.errors);
  second->set_timeouts(row.timeouts);
  second->set_retried(row.retried);
  const absl::StatusOr<LatencyHistogram> latency = LatencyHistogram::FromParts(row.latency);
  if (latency.ok()) ToProto(*latency, second->mutable_latency());
}

void FillFinished(const LoadResult& result, LoadFinished* finished) {
  finished->set_sent(result.sent);
  finished->set_ok(result.ok);
  finished->set_errors(result.errors);
  finished->set_timeouts(result.timeouts);
  finished->set_in_flight(result.in_flight);
  finished->set_retried(result.retried);
  for (const auto& [status, count] : result.status) {
    (*finished->mutable_status())[static_cast<uint32_t>(status)] = count;
  }
  for (const auto& [kind, count] : result.error_kinds) {
    (*finished->mutable_error_kinds())[kind] = count;
  }
  finished->set_duration_ns(result.duration_ns);
  finished->set_bytes_read(result.bytes_read);
  ToProto(result.latency, finished->mutable_latency());
  ToProto(result.service, finished->mutable_service());
  if (result.open_loop) ToProto(result.send_lag, finished->mutable_send_lag());
  finished->set_cpu_ns(result.cpu_ns);
  finished->set_busy_share(result.busy_share);
  finished->set_samples_recorded(result.samples_recorded);
  finished->set_samples_lost(result.samples_lost);
  finished->set_connections(result.connections);
  finished->set_reconnects(result.reconnects);
  finished->set_actual_cpus(result.actual_cpus);
  finished->set_warmup_requests(result.warmup_requests);
  finished->set_rss_bytes(result.rss_bytes);
  finished->set_offered_per_s(result.offered_per_s);
  finished->set_ok_in_window(result.ok_in_window);
  finished->set_work_ns(result.work_ns());
  finished->set_cpu_responses(result.cpu_responses);
  ToProto(result.responses, finished->mutable_timeline());
  if (!result.open_loop) finished->set_think_ns(result.think_ns);
  finished->set_flight_ns(result.flight_ns);
  finished->set_cycles(result.cycles);
  finished->set_cpu_share(result.cpu_share);
  if (result.run_delay_share.has_value()) finished->set_run_delay_share(*result.run_delay_share);
  finished->set_spins(result.spins);
}

}  // namespace

absl::StatusOr<AgentConnection> AgentConnection::Open(int fd) {
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) {
    return ErrnoStatus(errno, absl::StrCat("--control-fd=", fd));
  }
  if (type != SOCK_SEQPACKET) {
    return absl::InvalidArgumentError(
        absl::StrCat("--control-fd=", fd, " is not a SOCK_SEQPACKET socket"));
  }
  // A message counts against it whole; without the privilege the system's limit, twice net.core.wmem_max, remains.
  const int bytes = 2 * kMaxMessage;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  }
  return AgentConnection(fd);
}

absl::StatusOr<std::optional<ToLoadgen>> AgentConnection::Receive() {
  char buffer[4096];
  ssize_t size;
  do {
    size = recv(fd_.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (size <= 0) return absl::UnavailableError("the agent is gone");
  ToLoadgen message;
  if (!message.ParseFromArray(buffer, static_cast<int>(size))) {
    return absl::DataLossError("a message of the agent cannot be read");
  }
  return message;
}

absl::Status AgentConnection::SendReady(int connections, const IdleGapFigures& idle_gaps,
                                        const std::string& actual_cpus) {
  FromLoadgen message;
  Ready* ready = message.mutable_ready();
  ready->set_connections(static_cast<uint32_t>(connections));
  ready->set_actual_cpus(actual_cpus);
  IdleGaps* gaps = ready->mutable_idle_gaps();
  gaps->set_observed_ns(idle_gaps.observed_ns);
  gaps->set_p99_ns(idle_gaps.p99_ns);
  gaps->set_p999_ns(idle_gaps.p999_ns);
  gaps->set_lost_share(idle_gaps.lost_share);
  return Send(message);
}

absl::Status AgentConnection::SendStarted(int64_t lateness_ns) {
  FromLoadgen message;
  message.mutable_started()->set_lateness_ns(lateness_ns);
  return Send(message);
}

absl::Status AgentConnection::SendResult(const LoadResult& result) {
  for (const Interval& row : result.seconds) {
    FromLoadgen message;
    FillSecond(row, message.mutable_second());
    ASSAY_RETURN_IF_ERROR(Send(message));
  }
  FromLoadgen message;
  FillFinished(result, message.mutable_finished());
  return Send(message);
}

absl::Status AgentConnection::SendFailed(Failure::Kind kind, const std::string& message) {
  FromLoadgen failed;
  failed.mutable_failed()->set_kind(kind);
  failed.mutable_failed()->set_message(message);
  return Send(failed);
}

absl::Status AgentConnection::Send(const FromLoadgen& message) {
  const std::string bytes = SerializeValidText(message);
  if (bytes.size() > kMaxMessage) {
    return absl::InternalError(
        absl::StrCat("a message of ", bytes.size(), " bytes is too long for the agent"));
  }
  for (;;) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return absl::OkStatus();
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return ErrnoStatus(errno, "telling the agent");
    pollfd writable{fd_.get(), POLLOUT, 0};
    if (poll(&writable, 1, kSendTimeoutMs) == 0) {
      return absl::UnavailableError("the agent does not read");
    }
  }
}

}  // namespace assay::loadgen
