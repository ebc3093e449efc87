#include "agent/loadgen/agent_connection.h"

#include <poll.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/status_macros.h"
#include "proto/agent.pb.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/response_counts_proto.h"
#include "proto/text/valid_text.h"

namespace assay::loadgen {
namespace {

// An agent that does not read for that long is as good as gone.
constexpr absl::Duration kSendTimeout = absl::Seconds(10);

void FillSecond(const Interval& row, WindowSecond* second) {
  second->set_second(row.second);
  second->set_sent(row.sent);
  second->set_ok(row.ok);
  second->set_errors(row.errors);
  second->set_timeouts(row.timeouts);
  second->set_retried(row.retried);
  ToProto(row.latency, second->mutable_latency());
  if (!row.slot.has_value()) return;
  SlotFigures* slot = second->mutable_slot();
  slot->set_ok_in_slot(row.slot->ok);
  slot->set_responses(row.slot->responses);
  slot->set_work_ns(row.slot->work_ns);
  slot->set_drain_ns(row.slot->drain_ns);
  if (row.slot->run_delay_ns.has_value()) slot->set_run_delay_ns(*row.slot->run_delay_ns);
  slot->set_overdue(row.slot->overdue);
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
  for (int i = 0; i < kOutcomes; ++i) {
    if (result.outcomes[i] == 0) continue;
    OutcomeCount* outcome = finished->add_outcomes();
    outcome->set_outcome(OutcomeProto(static_cast<Outcome>(i)));
    outcome->set_count(result.outcomes[i]);
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
  if (result.in_slots) {
    finished->set_overdue_slots(result.overdue_slots);
    finished->set_longest_drain_ns(result.longest_drain_ns);
  } else {
    ToProto(result.responses, finished->mutable_timeline());
  }
  if (!result.open_loop) finished->set_think_ns(result.think_ns);
  finished->set_flight_ns(result.flight_ns);
  finished->set_cycles(result.cycles);
  finished->set_cpu_share(result.cpu_share);
  if (result.run_delay_share.has_value()) finished->set_run_delay_share(*result.run_delay_share);
  finished->set_spins(result.spins);
}

}  // namespace

absl::StatusOr<AgentConnection> AgentConnection::Open(int fd) {
  absl::StatusOr<ControlSocket> socket = ControlSocket::Adopt(fd);
  if (socket.ok()) return AgentConnection(*std::move(socket));
  return absl::Status(socket.status().code(),
                      absl::StrCat("--control-fd=", fd, ": ", socket.status().message()));
}

absl::StatusOr<Configure> AgentConnection::AwaitConfigure() {
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(std::optional<ToLoadgen> message, Receive());
    if (!message.has_value()) {
      pollfd readable{fd(), POLLIN, 0};
      poll(&readable, 1, -1);
      continue;
    }
    if (!message->has_configure()) {
      return absl::DataLossError("the agent's first message does not say what the load is");
    }
    return std::move(*message->mutable_configure());
  }
}

absl::StatusOr<std::optional<ToLoadgen>> AgentConnection::Receive() {
  ToLoadgen message;
  const absl::StatusOr<bool> whole = socket_.Receive(message);
  if (absl::IsUnavailable(whole.status())) return absl::UnavailableError("the agent is gone");
  ASSAY_RETURN_IF_ERROR(whole.status());
  if (!*whole) return std::nullopt;
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
    DataRecord record;
    FillSecond(row, record.mutable_second());
    FromLoadgen message;
    record.SerializeToString(message.mutable_record());
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
  return socket_.Send(message, kSendTimeout);
}

}  // namespace assay::loadgen
