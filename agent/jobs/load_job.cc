#include "agent/jobs/load_job.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/jobs/generator_spec.h"
#include "agent/verify/verify.h"
#include "common/status_macros.h"
#include "proto/convert/slot_schedule.h"

namespace assay::agent {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kDrainEveryNs = kSecondNs / 10;
// Where the window must not be disturbed: often enough for a ring of 64 MiB, which holds 40 s of a fast thread.
constexpr int64_t kLookEveryNs = 2 * kSecondNs;
// From the start of the program until all connections are open.
constexpr int64_t kReadyTimeoutNs = 60 * kSecondNs;
// Beyond warm-up, window and drain, until the last report.
constexpr int64_t kFinishTimeoutNs = 30 * kSecondNs;
constexpr absl::Duration kStopTimeout = absl::Seconds(2);
constexpr absl::Duration kVerifyTimeout = absl::Seconds(5);
// For a program that was started to read what its load is.
constexpr absl::Duration kConfigureTimeout = absl::Seconds(30);
// Descriptors as the load generator gets them.
constexpr int kControlFd = 3;
constexpr int kRingFd = 4;

// Half the time between the load of a slot and the next slot.
int64_t HalfGapNs(const SlotSchedule& slots) {
  return static_cast<int64_t>(slots.period_ns() - slots.slot_ns()) / 2;
}

}  // namespace

LoadJob::LoadJob(OpenRequest request, std::unique_ptr<Strand> strand, const AgentContext& context)
    : Job(std::move(request), std::move(strand), context.folder), context_(context) {}

absl::Status LoadJob::Admit() {
  ASSAY_ASSIGN_OR_RETURN(
      destination_, context_.destinations.Admit(spec().destination(), spec().destination_agent(),
                                                request().job().execution_id()));
  ASSAY_ASSIGN_OR_RETURN(cpus_, context_.ledger.Take(spec().cpus(), context_.placement.load,
                                                     CpuLedger::Claimant::Of(request(), title())));
  if (threads() > cpus_.Count()) {
    return absl::InvalidArgumentError(absl::StrCat("load.threads: ", threads(),
                                                   " load threads need a CPU each, and CPUs ",
                                                   cpus_.ToString(), " are ", cpus_.Count()));
  }
  return absl::OkStatus();
}

void LoadJob::Launch() {
  std::optional<Failure> failure = CheckResponse();
  if (!failure.has_value()) {
    const absl::Status started = StartProcess();
    if (!started.ok()) failure = FailureOf(Failure::LAUNCH_FAILED, std::string(started.message()));
  }
  if (failure.has_value()) {
    if (!unwanted()) ReportFailure(*std::move(failure));
    return;
  }
  strand().Watch(control_->fd(), [this] { OnControlReadable(); });
  At(strand().NowNanos() + kReadyTimeoutNs, [this] {
    if (ready_) return;
    ReportFailure(FailureOf(Failure::NOT_READY, "its connections were not all open in a minute"));
  });
}

std::optional<Failure> LoadJob::CheckResponse() {
  if (!spec().verify_first()) return std::nullopt;
  const absl::StatusOr<Verification> found = Verify(
      destination_.ToString(), spec().workload(), spec().contract(), kVerifyTimeout,
      {.tls = spec().tls(), .http2 = spec().http2(), .tls_server_name = spec().tls_server_name()});
  if (!found.ok()) return FailureOf(Failure::CONNECT_FAILED, std::string(found.status().message()));
  if (found->difference.empty()) return std::nullopt;
  Failure failure = FailureOf(Failure::WRONG_ANSWER,
                              absl::StrCat("the response to ", found->request, " is not right"));
  failure.set_difference(found->difference);
  return failure;
}

bool LoadJob::HasSpareCpu() const {
  return !context_.ledger.Claimed().Includes(context_.ledger.all());
}

absl::Status LoadJob::CreateRing(UniqueFd& memory) {
  spare_cpu_ = HasSpareCpu();
  ring_plan_ = loadgen::PlanRing(GeneratorWindow(spec()), threads(), spare_cpu_,
                                 static_cast<int>(spec().workload().pipeline()));
  ASSAY_ASSIGN_OR_RETURN(memory,
                         loadgen::SampleRing::Create(threads(), ring_plan_.bytes_per_thread));
  ASSAY_ASSIGN_OR_RETURN(ring_,
                         loadgen::SampleRing::Open(memory.get(), loadgen::SampleRing::Use::kRead));
  drain_.emplace(ring_.get());
  return absl::OkStatus();
}

absl::Status LoadJob::StartProcess() {
  LaunchOptions launch;
  launch.argv = {context_.loadgen, absl::StrCat("--control-fd=", kControlFd)};
  launch.cpus = cpus_;
  launch.working_directory = context_.folder;
  UniqueFd theirs;
  ASSAY_ASSIGN_OR_RETURN(control_, loadgen::ControlSocket::Create(theirs));
  launch.pass_fds.emplace_back(theirs.get(), kControlFd);
  loadgen::ToLoadgen first;
  loadgen::Configure& configure = *first.mutable_configure();
  *configure.mutable_spec() = GeneratorSpecFor(spec(), destination_, cpus_);
  UniqueFd memory;
  if (spec().raw_samples()) {
    ASSAY_RETURN_IF_ERROR(CreateRing(memory));
    launch.pass_fds.emplace_back(memory.get(), kRingFd);
    configure.set_sample_ring_fd(kRingFd);
  }
  ASSAY_ASSIGN_OR_RETURN(process_, LaunchedProcess::Start(std::move(launch)));
  process_->OnEnd([weak = weak_from_this(), this](const Ended& ended) {
    const std::shared_ptr<Job> alive = weak.lock();
    if (alive != nullptr) Do([this, ended] { OnProcessEnded(ended); });
  });
  theirs.reset();
  return control_->Send(first, kConfigureTimeout);
}

void LoadJob::OnControlReadable() {
  while (!over()) {
    loadgen::FromLoadgen message;
    const absl::StatusOr<bool> whole = control_->Receive(message);
    if (whole.ok() && *whole) {
      Take(std::move(message));
      continue;
    }
    if (whole.ok()) return;
    strand().Unwatch(control_->fd());
    if (absl::IsDataLoss(whole.status())) {
      ReportFailure(FailureOf(Failure::INTERNAL, std::string(whole.status().message())));
    }
    return;  // Closed: the end of the process follows, and tells why.
  }
}

void LoadJob::Take(loadgen::FromLoadgen message) {
  switch (message.message_case()) {
    case loadgen::FromLoadgen::kReady:
      return TakeReady(message.ready());
    case loadgen::FromLoadgen::kStarted:
      return ReportStarted(message.started());
    case loadgen::FromLoadgen::kRecord:
      // Its spool is full: a second that is missing shows in what came.
      return spool().AppendSerialised(std::move(*message.mutable_record())).IgnoreError();
    case loadgen::FromLoadgen::kFinished:
      return TakeFinished(std::move(*message.mutable_finished()));
    case loadgen::FromLoadgen::kFailed:
      return ReportFailure(FailureOf(message.failed().kind(), message.failed().message()));
    case loadgen::FromLoadgen::MESSAGE_NOT_SET:
      break;
  }
}

void LoadJob::TakeReady(const loadgen::Ready& said) {
  ready_ = true;
  Ready ready;
  ready.set_pid(process_->pid());
  ready.set_cpus(said.actual_cpus().empty() ? cpus_.ToString() : said.actual_cpus());
  *ready.mutable_idle_gaps() = said.idle_gaps();
  ReportReady(std::move(ready));
}

void LoadJob::BeginWindow(int64_t start_ns) {
  loadgen::ToLoadgen start;
  start.mutable_start()->set_start_ns(start_ns);
  if (!control_->Send(start, absl::ZeroDuration()).ok())
    return;  // It has ended: that is told by OnProcessEnded().
  start_ns_ = start_ns;
  const Window& window = spec().window();
  int64_t begin_ns = start_ns + static_cast<int64_t>(window.warmup_ns());
  int64_t end_ns = begin_ns + static_cast<int64_t>(window.duration_ns());
  if (spec().has_slots()) {
    // The reading takes a millisecond or two: it is made in a gap, and when all slots are over.
    const SlotSchedule& slots = spec().slots();
    begin_ns =
        std::max(start_ns, SlotBeginNs(slots, start_ns, slots.warmup_count()) - HalfGapNs(slots));
    end_ns = SlotBeginNs(slots, start_ns, slots.count());
  }
  At(begin_ns, [this] { ReadBegin(); });
  // A job that came since may have taken it.
  spare_cpu_ = HasSpareCpu();
  if (drain_.has_value() && (spare_cpu_ || !ring_plan_.holds_window)) {
    At(NextDrainNs(begin_ns), [this] { KeepDraining(); });
  }
  if (window.duration_ns() == 0) return;
  At(end_ns, [this] { ReadEnd(); });
  const uint64_t drain_ns = spec().drain_ns() > 0 ? spec().drain_ns() : spec().timeout_ns();
  At(end_ns + static_cast<int64_t>(drain_ns) + kFinishTimeoutNs, [this] {
    if (!finished_) ReportFailure(FailureOf(Failure::INTERNAL, "it does not come to an end"));
  });
}

void LoadJob::EndWindow() {
  ReadEnd();
  loadgen::ToLoadgen stop;
  stop.mutable_stop();
  control_->Send(stop, absl::ZeroDuration())
      .IgnoreError();  // It has ended: that is told by OnProcessEnded().
}

void LoadJob::ReadBegin() {
  absl::StatusOr<WindowReading> reading = ReadUsage(process_->guard_pid(), cpus_);
  if (reading.ok()) begin_ = *std::move(reading);
}

void LoadJob::ReadEnd() {
  if (end_.has_value() || !begin_.has_value()) return;
  absl::StatusOr<WindowReading> reading = ReadUsage(process_->guard_pid(), cpus_);
  if (reading.ok()) end_ = *std::move(reading);
}

void LoadJob::KeepDraining() {
  if (finished_) return;
  // In slots each drain is to be short.
  if (spare_cpu_ || spec().has_slots() || ring_->FullestShare() > 0.5) DrainRing(/*finish=*/false);
  At(NextDrainNs(strand().NowNanos()), [this] { KeepDraining(); });
}

int64_t LoadJob::NextDrainNs(int64_t now_ns) const {
  if (spare_cpu_) return now_ns + kDrainEveryNs;
  if (!spec().has_slots()) return now_ns + kLookEveryNs;
  const SlotSchedule& slots = spec().slots();
  const int64_t after_begin_ns = static_cast<int64_t>(slots.slot_ns()) + HalfGapNs(slots);
  const auto next = std::upper_bound(
      slots.own().begin(), slots.own().end(), now_ns, [&](int64_t ns, uint32_t index) {
        return ns < SlotBeginNs(slots, start_ns_, index) + after_begin_ns;
      });
  if (next == slots.own().end()) return now_ns + kLookEveryNs;
  return SlotBeginNs(slots, start_ns_, *next) + after_begin_ns;
}

void LoadJob::DrainRing(bool finish) {
  if (!drain_.has_value()) return;
  const auto keep = [this](SampleChunk chunk) {
    const uint64_t samples = chunk.count();
    DataRecord record;
    *record.mutable_samples() = std::move(chunk);
    if (!spool().Append(std::move(record)).ok()) lost_here_ += samples;
  };
  const absl::Status drained = finish ? drain_->Finish(keep) : drain_->Drain(keep);
  if (drained.ok()) return;
  drain_.reset();
  ReportFailure(FailureOf(Failure::INTERNAL, std::string(drained.message())));
}

void LoadJob::TakeFinished(LoadFinished finished) {
  finished_ = true;
  ReadEnd();  // First: the process exits now.
  DrainRing(/*finish=*/true);
  drain_.reset();
  ring_.reset();
  if (over()) return;
  // The load threads' own account is all there is of a generator that was gone before it could be read.
  absl::StatusOr<CpuTime> end = absl::UnknownError("not read");
  int64_t own_ns = finished.cpu_ns();
  if (end_.has_value()) {
    end = end_->cpus;
    own_ns = UsageBetween(begin_->tree, end_->tree).cpu_ns;
  } else if (begin_.has_value()) {
    end = ReadCpuTime(cpus_);
  }
  if (begin_.has_value()) {
    const CpusBetween cpus = PassedBetween(begin_->cpus, end, own_ns);
    finished.set_steal_ns(cpus.steal_ns);
    finished.set_foreign_ns(cpus.foreign_ns);
  } else {
    finished.set_steal_ns(CpusBetween().steal_ns);
    finished.set_foreign_ns(CpusBetween().foreign_ns);
  }
  finished.set_samples_lost(finished.samples_lost() + lost_here_);
  finished.set_samples_recorded(finished.samples_recorded() -
                                std::min(lost_here_, finished.samples_recorded()));
  spool().End();
  finished.set_data_records(spool().last());
  ReportFinished(std::move(finished));
}

void LoadJob::OnProcessEnded(const Ended& ended) {
  // Its last messages may still wait to be read.
  OnControlReadable();
  if (finished_ || over()) return;
  Failure failure =
      FailureOf(Failure::CRASHED, absl::StrCat("it ended by itself with ", ended.ToString(),
                                               ready_ ? "" : " before its connections were open"));
  failure.set_ended(ended.ToString());
  ReportFailure(std::move(failure));
}

void LoadJob::Release(bool orderly) {
  if (control_.has_value()) strand().Unwatch(control_->fd());
  if (process_ != nullptr) {
    // What withstands even SIGKILL is waited for once more by the destructor.
    process_->Stop(orderly ? SIGTERM : SIGKILL, orderly ? kStopTimeout : absl::ZeroDuration())
        .IgnoreError();
    process_.reset();
  }
  // What it recorded until then is worth reading, all the more when it failed.
  DrainRing(/*finish=*/true);
  drain_.reset();
  ring_.reset();
  control_.reset();
  context_.ledger.Return(title());
}

Failure LoadJob::FailureOf(Failure::Kind kind, const std::string& what) const {
  Failure failure;
  failure.set_kind(kind);
  failure.set_message(absl::StrCat("load on ", spec().destination(), ": ", what));
  if (process_ != nullptr) failure.set_last_output(process_->LastOutput());
  return failure;
}

}  // namespace assay::agent
