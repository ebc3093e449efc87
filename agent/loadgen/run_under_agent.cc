#include "agent/loadgen/run_under_agent.h"

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/agent_connection.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/stop_signals.h"
#include "common/message_text.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// After the start the main thread wakes once, to say how late it was.
constexpr int64_t kStartedAfterNs = 20'000'000;

// What the main thread does between Ready and the end: it waits for the agent's commands and the threads' end. In slots it
// works only when no other execution is under load, because it runs on the CPUs of their load generators: it reports the
// start when the load of a slot has ended, and all else when the slots of all executions are over.
class Session {
 public:
  Session(AgentConnection& link, LoadRun& run, StopSignals& signals)
      : link_(link),
        run_(run),
        signals_(signals),
        in_slots_(run.in_slots()),
        harvest_every_ns_(run.harvest_every_ns()) {}

  // Returns when the threads have ended, or were told to before they began. kUnavailable: the agent is gone.
  absl::Status UntilEnd();
  absl::Status SayStarted();

 private:
  absl::Status TakeCommands();
  // When to wake by time; INT64_MAX: not at all.
  int64_t WakeNs(int64_t now_ns) const;
  bool MayReport(int64_t now_ns) const { return threads_ended_ && now_ns >= run_.report_from_ns(); }

  AgentConnection& link_;
  LoadRun& run_;
  StopSignals& signals_;
  const bool in_slots_;
  const int64_t harvest_every_ns_;
  std::optional<int64_t> start_ns_;
  bool said_started_ = false;
  bool over_ = false;
  bool threads_ended_ = false;
};

int64_t Session::WakeNs(int64_t now_ns) const {
  if (!start_ns_.has_value()) return INT64_MAX;
  if (threads_ended_) return run_.report_from_ns();
  if (!said_started_) {
    return in_slots_ ? run_.NextQuietNs(now_ns) : std::max(*start_ns_, now_ns) + kStartedAfterNs;
  }
  return harvest_every_ns_ == 0 ? INT64_MAX : now_ns + harvest_every_ns_;
}

absl::Status Session::UntilEnd() {
  int64_t now = MonotonicNanos();
  for (; !over_ && !MayReport(now); now = MonotonicNanos()) {
    pollfd wanted[] = {
        {link_.fd(), POLLIN, 0}, {run_.done_fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
    const int64_t wake_ns = WakeNs(now);
    const int64_t left_ns = std::max(wake_ns - now, int64_t{0});
    const timespec left{left_ns / kSecondNs, left_ns % kSecondNs};
    const int ready = ppoll(wanted, 3, wake_ns == INT64_MAX ? nullptr : &left, nullptr);
    threads_ended_ = run_.ended();
    if (signals_.Take()) {
      run_.Stop(StoppedBy::kSignal);
      over_ = !start_ns_.has_value();
    }
    if (wanted[0].revents != 0) ASSAY_RETURN_IF_ERROR(TakeCommands());
    if (ready != 0) continue;
    ASSAY_RETURN_IF_ERROR(SayStarted());
    if (harvest_every_ns_ > 0) run_.HarvestSeconds();
  }
  return absl::OkStatus();
}

absl::Status Session::SayStarted() {
  if (said_started_ || !start_ns_.has_value()) return absl::OkStatus();
  const std::optional<int64_t> lateness = run_.lateness_ns();
  if (!lateness.has_value()) return absl::OkStatus();
  said_started_ = true;
  return link_.SendStarted(*lateness);
}

absl::Status Session::TakeCommands() {
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<ToLoadgen> message, link_.Receive());
    if (!message.has_value()) return absl::OkStatus();
    if (message->has_start() && !start_ns_.has_value()) {
      start_ns_ = message->start().start_ns();
      run_.Start(*start_ns_);
    } else if (message->has_stop()) {
      run_.Stop(StoppedBy::kAgent);
      over_ = !start_ns_.has_value();
    }
  }
}

absl::Status Run(AgentConnection& link) {
  ASSAY_ASSIGN_OR_RETURN(const Configure configure, link.AwaitConfigure());
  LoadOptions options;
  ASSAY_RETURN_IF_ERROR(FillOptions(configure.spec(), options));
  std::unique_ptr<SampleRing> ring;
  if (configure.has_sample_ring_fd()) {
    ASSAY_ASSIGN_OR_RETURN(ring, SampleRing::Open(configure.sample_ring_fd()));
  }
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<LoadRun> run, LoadRun::Create(&options, ring.get()));
  ASSAY_RETURN_IF_ERROR(run->Prepare());
  ASSAY_ASSIGN_OR_RETURN(StopSignals signals, StopSignals::Catch());
  ASSAY_RETURN_IF_ERROR(link.SendReady(options.connections, run->idle_gaps(), run->actual_cpus()));
  Session session(link, *run, signals);
  ASSAY_RETURN_IF_ERROR(session.UntilEnd());
  const LoadResult result = run->Finish();
  ASSAY_RETURN_IF_ERROR(session.SayStarted());
  if (!result.accounting_error.empty()) return absl::InternalError(result.accounting_error);
  return link.SendResult(result);
}

Failure::Kind KindOf(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return Failure::CONNECT_FAILED;
  return absl::IsInvalidArgument(status) ? Failure::LAUNCH_FAILED : Failure::INTERNAL;
}

}  // namespace

int RunUnderAgent(int control_fd, std::ostream& err) {
  absl::StatusOr<AgentConnection> link = AgentConnection::Open(control_fd);
  absl::Status status = link.status();
  if (link.ok()) {
    status = Run(*link);
    if (status.ok()) return 0;
    link->SendFailed(KindOf(status), std::string(status.message())).IgnoreError();  // It is on err.
  }
  err << "loadgen: " << MessageText(status) << "\n";
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace assay::loadgen
