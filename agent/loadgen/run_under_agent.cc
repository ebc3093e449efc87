#include "agent/loadgen/run_under_agent.h"

#include <poll.h>

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

// After the start the main thread wakes once, to say how late it was.
constexpr int64_t kStartedAfterNs = 20'000'000;

// What the main thread does between Ready and the end: it waits for the agent's commands and the threads' end.
class Session {
 public:
  Session(AgentConnection& link, LoadRun& run, StopSignals& signals)
      : link_(link), run_(run), signals_(signals), harvest_every_ns_(run.harvest_every_ns()) {}

  // Returns when the threads have ended, or were told to before they began. kUnavailable: the agent is gone.
  absl::Status UntilEnd();
  absl::Status SayStarted();

 private:
  absl::Status TakeCommands();
  int TimeoutMs(int64_t now_ns) const;

  AgentConnection& link_;
  LoadRun& run_;
  StopSignals& signals_;
  const int64_t harvest_every_ns_;
  std::optional<int64_t> start_ns_;
  bool said_started_ = false;
  bool over_ = false;
};

int Session::TimeoutMs(int64_t now_ns) const {
  if (!start_ns_.has_value()) return -1;
  if (!said_started_) {
    return static_cast<int>((std::max(*start_ns_ - now_ns, int64_t{0}) + kStartedAfterNs) /
                            1'000'000);
  }
  return harvest_every_ns_ == 0 ? -1 : static_cast<int>(harvest_every_ns_ / 1'000'000);
}

absl::Status Session::UntilEnd() {
  while (!over_ && !run_.ended()) {
    pollfd wanted[] = {
        {link_.fd(), POLLIN, 0}, {run_.done_fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
    const int ready = poll(wanted, 3, TimeoutMs(MonotonicNanos()));
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
