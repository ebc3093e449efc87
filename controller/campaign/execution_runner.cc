#include "controller/campaign/execution_runner.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "analysis/figures.h"
#include "analysis/latency_histogram.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"
#include "controller/campaign/cpu_responses.h"
#include "controller/campaign/job_specs.h"
#include "controller/campaign/load_intake.h"
#include "controller/campaign/profile_intake.h"
#include "controller/campaign/server_timeouts.h"
#include "controller/campaign/span_requests.h"
#include "controller/campaign/start_skew.h"
#include "controller/clients/job_client.h"
#include "controller/gates/same_host.h"
#include "controller/plan/interleaving.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/target_url.h"
#include "controller/store/record_id.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/slot_schedule.h"

namespace assay::controller {
namespace {

constexpr int kClockRounds = 5;
// An agent allows its load generator one minute to get ready.
constexpr absl::Duration kLoadReadyTimeout = absl::Seconds(90);
constexpr absl::Duration kStartedTimeout = absl::Seconds(20);
// Includes the time to symbolize the stacks of a profile.
constexpr absl::Duration kFinishTimeout = absl::Seconds(60);
constexpr absl::Duration kDataTimeout = absl::Minutes(5);
constexpr absl::Duration kLoadCloseTimeout = absl::Seconds(20);
// From a load's failure until the server's agent reports that the server has died. A dying server closes its sockets
// before it exits, and the agent collects its last output after that. This takes seconds on a busy host.
constexpr absl::Duration kLastOutputTimeout = absl::Seconds(5);
// The time between the start command and the start: several times the network delay of a command.
constexpr int64_t kShortestRunUpNs = 10'000'000;
constexpr int kRunUpRoundTrips = 4;
// For each further execution of the unit, whose jobs are commanded one after the other.
constexpr int64_t kRunUpOfJobNs = 3'000'000;
// More overdue slots than this make the unit start again. A stall of a shared machine can make a few overdue; those are
// left out of the comparison.
constexpr double kMostOverdueShare = 0.2;
// The pause before a start that follows a disturbance of the load's CPUs.
constexpr absl::Duration kDisturbancePause = absl::Seconds(2);

}  // namespace

// One attempt of an execution, in the steps that the executions of a unit make together. After a failed step, the later
// ones do nothing. Its destructor closes everything that it opened.
class ExecutionRunner::Attempt {
 public:
  // `slots`: when its load is sent, and `group` the name of its unit; nullptr and "" if it has one window.
  Attempt(ExecutionRunner& runner, const ExecutionTask& task, uint32_t disturbed_starts,
          const SlotSchedule* slots, const std::string& group)
      : runner_(runner), clock_(runner.pool_.clock()), cell_(task.execution.cell) {
    ExecutionRecord& record = finished_.record;
    record.set_id(DrawExecutionId());
    record.set_campaign_id(runner.campaign_id_);
    *record.mutable_cell() = cell_;
    record.set_block(task.execution.block);
    record.set_position(task.execution.position);
    record.set_attempt(task.attempt);
    record.set_disturbed_starts(disturbed_starts);
    record.set_started_us(absl::ToUnixMicros(absl::Now()));
    if (slots != nullptr) *record.mutable_slots() = *slots;
    record.set_group(group);
  }

  // Starts the server and opens the connections.
  void Prepare();
  // Whether the load's CPUs are quiet enough to begin.
  bool IsQuiet() const;
  // Reads the clocks of all its jobs.
  void ReadClocks();
  // All jobs of one agent have one clock: collects the reading of each agent with the shortest round trip, and uses it.
  // Otherwise the schedules of a unit would differ by the errors of their readings.
  void AddClocks(absl::flat_hash_map<const PoolMember*, ClockReading>& best) const;
  void UseClocks(const absl::flat_hash_map<const PoolMember*, ClockReading>& best);
  // The slowest round trip of these readings.
  int64_t slowest_ns() const { return slowest_ns_; }
  // Commands the start at a time of the controller's clock, and waits until all have started.
  void Start(int64_t start_ns);
  void AwaitStarted();
  void AwaitEnd();
  // Whether so many slots were overdue that the comparison would leave out too much.
  bool HasOverdueSlots() const;
  // Fetches the profile and closes the server, which frees its CPUs for the remaining work.
  void EndServer();
  void FetchLoads();
  // Leaves nothing running. Later calls do nothing.
  void Close();

  // Whether all steps so far succeeded.
  bool ok() const { return measured_.ok(); }
  // The finished execution, or the error that ends the campaign. REQUIRES: Close() was called.
  absl::StatusOr<FinishedExecution> Take();

 private:
  struct LoadJob {
    PoolMember* member = nullptr;
    std::unique_ptr<JobClient> client;
    ClockReading clock;
    LoadRecord record;
  };

  absl::Status StartServer();
  absl::Status ConnectLoads();
  absl::Status ReadAllClocks();
  absl::Status AwaitAllStarted();
  absl::Status AwaitAllFinished();
  // An agent that does not know slots sends its load all the time.
  absl::Status CheckSlots();
  // Also removes the timelines from the records, so that they are not stored.
  void CountServerCpuResponses();
  absl::Status FetchProfile();
  absl::Status FetchAllSamples();
  // Passes the samples to `spans` too, unless it is nullptr.
  absl::Status FetchSamples(uint32_t load, SpanRequests* spans);
  absl::Status MergeLatency();
  // Later calls do nothing.
  void CloseServer();
  const SlotSchedule* slots() const {
    return finished_.record.has_slots() ? &finished_.record.slots() : nullptr;
  }

  // Opens a job. An interruption abandons it.
  absl::StatusOr<std::unique_ptr<JobClient>> OpenJob(AgentClient& client, OpenRequest request,
                                                     JobId::Role role);
  // Keeps the time of the first failure of a job. On a thread of the job's client.
  void NoteFailure();
  // ", in slot 3 of 40" if a job failed while the slots ran; else empty.
  std::string SlotOfFailure() const;
  // Returns the status; records an error as the failure of this agent's job. If the server fails at the same time as a
  // load, it records the failure of the server.
  absl::Status RecordFailure(const absl::Status& status, const PoolMember& member,
                             JobId::Role role);

  ExecutionRunner& runner_;
  Clock& clock_;
  const Cell cell_;
  FinishedExecution finished_;
  // The first error of a step.
  absl::Status measured_;
  std::string destination_;
  std::optional<ClockReading> server_clock_;
  int64_t slowest_ns_ = 0;
  // The common start, on the clock of the server's agent and, as start_ns_, on the controller's.
  int64_t server_start_ns_ = 0;
  int64_t start_ns_ = 0;
  // When the first of its jobs failed, on the controller's clock. 0: none has.
  std::atomic<int64_t> failed_ns_{0};
  // From the common start until all loads finished, on the controller's clock.
  absl::Duration elapsed_;
  std::unique_ptr<JobClient> server_;
  bool server_closed_ = false;
  bool closed_ = false;
  std::vector<LoadJob> loads_;
  // Last, so that they are destroyed before the jobs that they wake.
  std::vector<std::unique_ptr<Interruption::Guard>> guards_;
};

// One run of a unit: all its executions, from their start to their end.
class ExecutionRunner::UnitRun {
 public:
  // `accepts_overdue`: it is not to be made again, however many slots are overdue.
  UnitRun(ExecutionRunner& runner, absl::Span<const ExecutionTask> unit, uint32_t disturbed_starts,
          uint32_t stretch, bool accepts_overdue)
      : runner_(runner), accepts_overdue_(accepts_overdue) {
    std::vector<SlotSchedule> slots;
    const Cell& cell = unit.front().execution.cell;
    // The last target of a unit whose other targets are skipped has nobody to take turns with.
    if (unit.size() > 1) {
      slots = SlotSchedulesOf(runner.plan_, cell, unit.front().execution.block,
                              static_cast<uint32_t>(unit.size()), stretch);
    }
    const std::string group = slots.empty() ? "" : DrawExecutionId();
    for (size_t i = 0; i < unit.size(); ++i) {
      attempts_.push_back(std::make_unique<Attempt>(runner, unit[i], disturbed_starts,
                                                    slots.empty() ? nullptr : &slots[i], group));
    }
  }

  absl::StatusOr<std::vector<FinishedExecution>> Run();
  // Whether it gave up before its window because the machine was not quiet.
  bool gave_up() const { return gave_up_; }
  // Whether it is to be made again because many slots were overdue.
  bool is_overdue() const { return is_overdue_; }

 private:
  void Measure();
  void Start();
  // Runs a step of every execution that has not failed.
  template <typename Step>
  void ForEach(const Step& step) {
    for (const std::unique_ptr<Attempt>& attempt : attempts_) {
      if (attempt->ok()) step(*attempt);
      // Free the CPUs of a failed one for the others. While they are under load, its end would disturb them.
      if (!attempt->ok() && !under_load_) attempt->Close();
    }
  }

  ExecutionRunner& runner_;
  const bool accepts_overdue_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  bool under_load_ = false;
  bool gave_up_ = false;
  bool is_overdue_ = false;
};

ExecutionRunner::ExecutionRunner(const Plan& plan, std::string campaign_id, AgentPool& pool,
                                 Store& store, Interruption& interruption, double quiet)
    : plan_(plan),
      campaign_id_(std::move(campaign_id)),
      pool_(pool),
      store_(store),
      interruption_(interruption),
      quiet_(quiet) {}

absl::StatusOr<std::vector<FinishedExecution>> ExecutionRunner::Run(
    absl::Span<const ExecutionTask> unit) {
  const auto known = stretch_.find(UnitKeyOf(unit.front().execution.cell));
  const bool is_first = known == stretch_.end();
  uint32_t stretch = is_first ? 1 : known->second;
  const uint32_t longest = unit.size() > 1 ? LongestStretchOf(plan_, unit.front().execution.cell,
                                                              static_cast<uint32_t>(unit.size()))
                                           : 1;
  // In a later block, overdue slots are the work of a stall, which may be over.
  bool accepts_overdue = is_first && stretch >= longest;
  for (uint32_t disturbed = 0;;) {
    UnitRun run(*this, unit, disturbed, stretch, accepts_overdue);
    absl::StatusOr<std::vector<FinishedExecution>> finished = run.Run();
    if (run.is_overdue()) {
      if (is_first) stretch *= kStretchStep;
      accepts_overdue = !is_first || stretch >= longest;
    } else if (run.gave_up()) {
      ++disturbed;
      --disturbances_left_;
      if (!interruption_.Sleep(kDisturbancePause)) return interruption_.status();
    } else {
      if (finished.ok()) {
        for (const FinishedExecution& one : *finished) KeepSlotsOf(one.record);
      }
      return finished;
    }
    ASSAY_RETURN_IF_ERROR(interruption_.status());
  }
}

void ExecutionRunner::KeepSlotsOf(const ExecutionRecord& stored) {
  if (stored.status() != ExecutionRecord::MEASURED || !stored.has_slots()) return;
  uint32_t& stretch = stretch_.try_emplace(UnitKeyOf(stored.cell()), 1).first->second;
  stretch = std::max(stretch, StretchOf(plan_, stored.cell(), stored.slots()));
}

absl::StatusOr<std::vector<FinishedExecution>> ExecutionRunner::UnitRun::Run() {
  Measure();
  // Leave nothing running, whatever the result is.
  for (const std::unique_ptr<Attempt>& attempt : attempts_) attempt->Close();
  ASSAY_RETURN_IF_ERROR(runner_.interruption_.status());
  std::vector<FinishedExecution> finished;
  if (gave_up_ || is_overdue_) return finished;
  for (const std::unique_ptr<Attempt>& attempt : attempts_) {
    ASSAY_ASSIGN_OR_RETURN(FinishedExecution one, attempt->Take());
    finished.push_back(std::move(one));
  }
  return finished;
}

void ExecutionRunner::UnitRun::Measure() {
  ForEach([](Attempt& one) { one.Prepare(); });
  if (runner_.disturbances_left_ > 0) {
    ForEach([this](Attempt& one) { gave_up_ = gave_up_ || !one.IsQuiet(); });
    if (gave_up_) return;
  }
  Start();
  ForEach([](Attempt& one) { one.AwaitEnd(); });
  under_load_ = false;
  ForEach([this](Attempt& one) {
    is_overdue_ = is_overdue_ || (!accepts_overdue_ && one.HasOverdueSlots());
  });
  if (is_overdue_) return;
  ForEach([](Attempt& one) { one.EndServer(); });
  ForEach([](Attempt& one) { one.FetchLoads(); });
}

void ExecutionRunner::UnitRun::Start() {
  int64_t slowest_ns = 0;
  absl::flat_hash_map<const PoolMember*, ClockReading> best;
  ForEach([&](Attempt& one) {
    one.ReadClocks();
    if (one.ok()) one.AddClocks(best);
    slowest_ns = std::max(slowest_ns, one.slowest_ns());
  });
  // One point in time on the controller's clock, converted to the clock of each agent.
  const int64_t start_ns = runner_.pool_.clock().NowNanos() +
                           std::max(kShortestRunUpNs, kRunUpRoundTrips * slowest_ns) +
                           kRunUpOfJobNs * static_cast<int64_t>(attempts_.size() - 1);
  under_load_ = true;
  ForEach([&](Attempt& one) {
    one.UseClocks(best);
    one.Start(start_ns);
  });
  ForEach([](Attempt& one) { one.AwaitStarted(); });
}

void ExecutionRunner::Attempt::Prepare() {
  measured_ = StartServer();
  if (measured_.ok()) measured_ = ConnectLoads();
}

void ExecutionRunner::Attempt::ReadClocks() { measured_ = ReadAllClocks(); }

void ExecutionRunner::Attempt::AwaitStarted() { measured_ = AwaitAllStarted(); }

void ExecutionRunner::Attempt::AwaitEnd() {
  measured_ = AwaitAllFinished();
  if (measured_.ok()) measured_ = CheckSlots();
}

void ExecutionRunner::Attempt::EndServer() {
  if (cell_.profiled()) measured_ = FetchProfile();
  CloseServer();
}

void ExecutionRunner::Attempt::FetchLoads() { measured_ = FetchAllSamples(); }

void ExecutionRunner::Attempt::Close() {
  if (std::exchange(closed_, true)) return;
  guards_.clear();
  if (server_ != nullptr) server_->WhenFailed(nullptr);
  CloseServer();
  for (LoadJob& load : loads_) {
    load.client->WhenFailed(nullptr);
    load.client->Close(kLoadCloseTimeout).IgnoreError();  // As the server's.
  }
}

absl::StatusOr<FinishedExecution> ExecutionRunner::Attempt::Take() {
  if (measured_.ok()) {
    finished_.record.set_status(ExecutionRecord::MEASURED);
    return std::move(finished_);
  }
  // An error without a failed job is an error of the controller or the store.
  if (!finished_.record.has_failure()) return measured_;
  finished_.record.set_status(ExecutionRecord::FAILED);
  finished_.chunks.clear();
  return std::move(finished_);
}

absl::Status ExecutionRunner::Attempt::FetchAllSamples() {
  CountServerCpuResponses();
  const ProfileInfo& profile = finished_.record.server().profile();
  const bool sampled = finished_.record.server().has_profile() && profile.refused().empty();
  SpanRequests spans(profile, server_start_ns_);
  for (uint32_t load = 0; load < loads_.size(); ++load) {
    ASSAY_RETURN_IF_ERROR(FetchSamples(load, sampled ? &spans : nullptr));
  }
  if (sampled) spans.Count(finished_.record.mutable_server()->mutable_profile());
  for (LoadJob& load : loads_) *finished_.record.add_loads() = std::move(load.record);
  *finished_.record.mutable_skew() = SkewOf(finished_.record.loads());
  return MergeLatency();
}

void ExecutionRunner::Attempt::CloseServer() {
  if (server_ == nullptr || std::exchange(server_closed_, true)) return;
  const absl::Duration timeout =
      CloseTimeout(runner_.pool_.server().description(), TargetOfCell(runner_.plan_, cell_).name());
  // If the job cannot be closed, its lease ends it. The measurement stays valid.
  server_->Close(timeout).IgnoreError();
}

absl::StatusOr<std::unique_ptr<JobClient>> ExecutionRunner::Attempt::OpenJob(AgentClient& client,
                                                                             OpenRequest request,
                                                                             JobId::Role role) {
  ASSAY_RETURN_IF_ERROR(runner_.interruption_.status());
  request.mutable_job()->set_execution_id(finished_.record.id());
  request.mutable_job()->set_role(role);
  request.set_lease_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(kJobLease)));
  request.set_campaign_id(runner_.campaign_id_);
  request.set_group(finished_.record.group());
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<JobClient> job,
                         JobClient::Open(client, std::move(request)));
  guards_.push_back(runner_.interruption_.WhenRequested(
      [job = job.get()](const absl::Status& why) { job->Abandon(why); }));
  return job;
}

void ExecutionRunner::Attempt::NoteFailure() {
  int64_t none = 0;
  failed_ns_.compare_exchange_strong(none, clock_.NowNanos());
}

std::string ExecutionRunner::Attempt::SlotOfFailure() const {
  const int64_t failed_ns = failed_ns_.load();
  if (slots() == nullptr || start_ns_ == 0 || failed_ns == 0) return "";
  const int64_t since_ns = failed_ns - SlotBeginNs(*slots(), start_ns_, 0);
  const int64_t index = since_ns / static_cast<int64_t>(slots()->period_ns());
  if (since_ns < 0 || index >= slots()->count()) return "";
  return absl::StrCat(", in slot ", index + 1, " of ", slots()->count());
}

absl::Status ExecutionRunner::Attempt::RecordFailure(const absl::Status& status,
                                                     const PoolMember& member, JobId::Role role) {
  if (status.ok() || finished_.record.has_failure()) return status;
  if (role == JobId::LOAD && server_ != nullptr) {
    // A dead server is the cause of a failed load, not the reverse.
    const absl::Status why = server_->AwaitFailure(clock_.After(kLastOutputTimeout));
    if (!why.ok()) return RecordFailure(why, runner_.pool_.server(), JobId::SERVER);
  }
  // An interruption is not a failure of this job.
  if (!runner_.interruption_.status().ok()) return status;
  ExecutionFailure& failure = *finished_.record.mutable_failure();
  failure.set_agent(member.record.address());
  failure.set_role(role);
  if (const std::optional<Failure> reported = FailureOfStatus(status); reported.has_value()) {
    *failure.mutable_failure() = *reported;
  } else {
    std::string message(status.message());
    // Messages of the client name the agent; messages about the data that it sent do not.
    if (!absl::StartsWith(message, "agent ")) {
      message = absl::StrCat("agent ", member.record.address(), " (", member.description().host(),
                             ") ", message);
    }
    failure.mutable_failure()->set_kind(Failure::INTERNAL);
    failure.mutable_failure()->set_message(std::move(message));
  }
  absl::StrAppend(failure.mutable_failure()->mutable_message(), SlotOfFailure());
  return status;
}

absl::Status ExecutionRunner::Attempt::StartServer() {
  const PlanTarget& target = TargetOfCell(runner_.plan_, cell_);
  if (!target.url().empty()) {
    ASSAY_ASSIGN_OR_RETURN(TargetUrl url, ParseTargetUrl(target.url()));
    destination_ = std::move(url.address);
    return absl::OkStatus();
  }
  PoolMember& member = runner_.pool_.server();
  OpenRequest request;
  *request.mutable_server() =
      ServerSpecOf(runner_.plan_, cell_, finished_.record.block(), runner_.pool_);
  if (slots() != nullptr) UseSlots(*slots(), *request.mutable_server());
  absl::StatusOr<std::unique_ptr<JobClient>> job =
      OpenJob(*member.client, std::move(request), JobId::SERVER);
  if (!job.ok()) return RecordFailure(job.status(), member, JobId::SERVER);
  server_ = *std::move(job);
  absl::StatusOr<Ready> ready =
      server_->WaitReady(clock_.After(ReadyTimeout(member.description(), target.name())));
  if (!ready.ok()) return RecordFailure(ready.status(), member, JobId::SERVER);
  destination_ = ready->address();
  *finished_.record.mutable_server_ready() = *std::move(ready);
  return absl::OkStatus();
}

absl::Status ExecutionRunner::Attempt::ConnectLoads() {
  // Open all jobs before waiting for any, so that they connect in parallel.
  for (PoolMember* member : runner_.pool_.loads()) {
    OpenRequest request;
    *request.mutable_load() =
        LoadSpecOf(runner_.plan_, cell_, finished_.record.block(), runner_.pool_,
                   static_cast<uint32_t>(loads_.size()), destination_);
    if (slots() != nullptr) UseSlots(*slots(), *request.mutable_load());
    absl::StatusOr<std::unique_ptr<JobClient>> job =
        OpenJob(*member->client, std::move(request), JobId::LOAD);
    if (!job.ok()) return RecordFailure(job.status(), *member, JobId::LOAD);
    LoadJob& load = loads_.emplace_back();
    load.member = member;
    load.client = *std::move(job);
    load.record.set_agent(member->record.address());
  }
  for (LoadJob& load : loads_) {
    load.client->WhenFailed([this](const absl::Status&) { NoteFailure(); });
  }
  if (server_ != nullptr) {
    // When the server dies, end the waits for the loads at once.
    server_->WhenFailed([this](const absl::Status& why) {
      NoteFailure();
      for (LoadJob& load : loads_) load.client->Abandon(why);
    });
  }
  for (LoadJob& load : loads_) {
    absl::StatusOr<Ready> ready = load.client->WaitReady(clock_.After(kLoadReadyTimeout));
    if (!ready.ok()) return RecordFailure(ready.status(), *load.member, JobId::LOAD);
    *load.record.mutable_ready() = *std::move(ready);
  }
  return absl::OkStatus();
}

bool ExecutionRunner::Attempt::IsQuiet() const {
  return std::all_of(loads_.begin(), loads_.end(), [this](const LoadJob& load) {
    return load.record.ready().idle_gaps().lost_share() <= runner_.quiet_;
  });
}

absl::Status ExecutionRunner::Attempt::ReadAllClocks() {
  const int64_t deadline_ns = clock_.After(kStartedTimeout);
  for (LoadJob& load : loads_) {
    const absl::StatusOr<ClockReading> reading = load.client->ReadClock(kClockRounds, deadline_ns);
    if (!reading.ok()) return RecordFailure(reading.status(), *load.member, JobId::LOAD);
    load.clock = *reading;
    slowest_ns_ = std::max(slowest_ns_, reading->round_trip_ns);
  }
  if (server_ == nullptr) return absl::OkStatus();
  const absl::StatusOr<ClockReading> reading = server_->ReadClock(kClockRounds, deadline_ns);
  if (!reading.ok()) return RecordFailure(reading.status(), runner_.pool_.server(), JobId::SERVER);
  server_clock_ = *reading;
  slowest_ns_ = std::max(slowest_ns_, reading->round_trip_ns);
  return absl::OkStatus();
}

void ExecutionRunner::Attempt::AddClocks(
    absl::flat_hash_map<const PoolMember*, ClockReading>& best) const {
  const auto add = [&best](const PoolMember& member, const ClockReading& reading) {
    const auto [found, added] = best.try_emplace(&member, reading);
    if (!added && reading.round_trip_ns < found->second.round_trip_ns) found->second = reading;
  };
  for (const LoadJob& load : loads_) add(*load.member, load.clock);
  if (server_clock_.has_value()) add(runner_.pool_.server(), *server_clock_);
}

void ExecutionRunner::Attempt::UseClocks(
    const absl::flat_hash_map<const PoolMember*, ClockReading>& best) {
  if (slots() == nullptr) return;
  for (LoadJob& load : loads_) load.clock = best.at(load.member);
  if (server_clock_.has_value()) server_clock_ = best.at(&runner_.pool_.server());
}

void ExecutionRunner::Attempt::Start(int64_t start_ns) {
  start_ns_ = start_ns;
  const auto on_its_clock = [start_ns](const ClockReading& reading) {
    return reading.agent_ns + (start_ns - reading.here_ns);
  };
  if (server_clock_.has_value()) {
    server_start_ns_ = on_its_clock(*server_clock_);
    server_->Start(server_start_ns_);
  }
  for (LoadJob& load : loads_) {
    load.record.set_start_ns(on_its_clock(load.clock));
    load.record.set_round_trip_ns(load.clock.round_trip_ns);
    load.client->Start(load.record.start_ns());
  }
}

absl::Status ExecutionRunner::Attempt::AwaitAllStarted() {
  absl::Duration first_slot;
  if (slots() != nullptr && !slots()->own().empty()) {
    // A load generator that takes turns reports its start after its first slot, so as not to disturb the load.
    first_slot = absl::Nanoseconds(slots()->lead_ns()) +
                 absl::Nanoseconds(slots()->period_ns()) * (slots()->own(0) + 1);
  }
  const int64_t deadline_ns = clock_.After(first_slot + kStartedTimeout);
  for (LoadJob& load : loads_) {
    const absl::StatusOr<Started> started = load.client->WaitStarted(deadline_ns);
    if (!started.ok()) return RecordFailure(started.status(), *load.member, JobId::LOAD);
    load.record.set_lateness_ns(started->lateness_ns());
  }
  return absl::OkStatus();
}

absl::Status ExecutionRunner::Attempt::AwaitAllFinished() {
  const int64_t deadline_ns = clock_.After(LongestRun(runner_.plan_, cell_, slots()));
  for (LoadJob& load : loads_) {
    absl::StatusOr<LoadFinished> finished = load.client->WaitLoadFinished(deadline_ns);
    if (!finished.ok()) return RecordFailure(finished.status(), *load.member, JobId::LOAD);
    *load.record.mutable_finished() = *std::move(finished);
  }
  elapsed_ = absl::Nanoseconds(clock_.NowNanos() - start_ns_);
  if (server_ == nullptr) return absl::OkStatus();
  if (slots() == nullptr && BoundOfCell(runner_.plan_, cell_).requests > 0) server_->Stop();
  absl::StatusOr<ServerFinished> finished =
      server_->WaitServerFinished(clock_.After(kFinishTimeout));
  if (!finished.ok())
    return RecordFailure(finished.status(), runner_.pool_.server(), JobId::SERVER);
  *finished_.record.mutable_server() = *std::move(finished);
  return absl::OkStatus();
}

absl::Status ExecutionRunner::Attempt::CheckSlots() {
  if (slots() == nullptr) return absl::OkStatus();
  const auto counted = std::count_if(slots()->own().begin(), slots()->own().end(),
                                     [this](uint32_t i) { return i >= slots()->warmup_count(); });
  // A load in slots counts less than its slots, because of the settling times.
  const int64_t longest_ns =
      counted * static_cast<int64_t>(slots()->slot_ns() - slots()->settle_ns());
  for (const LoadJob& load : loads_) {
    if (load.record.finished().duration_ns() <= longest_ns) continue;
    return RecordFailure(absl::FailedPreconditionError(
                             "does not send its load in slots: its version is too old for the "
                             "interleaved design; update it, or set design: SEQUENTIAL"),
                         *load.member, JobId::LOAD);
  }
  if (server_ == nullptr || finished_.record.server().slots_size() == counted) {
    return absl::OkStatus();
  }
  return RecordFailure(
      absl::FailedPreconditionError(absl::StrCat(
          "read the CPU clocks of ", finished_.record.server().slots_size(), " of ", counted,
          " slots: with none, its version is too old for the interleaved design; update it, or "
          "set design: SEQUENTIAL")),
      runner_.pool_.server(), JobId::SERVER);
}

bool ExecutionRunner::Attempt::HasOverdueSlots() const {
  if (slots() == nullptr) return false;
  // A response that never comes outlasts every drain.
  const auto timed_out = [](const LoadJob& load) { return load.record.finished().timeouts() > 0; };
  if (std::any_of(loads_.begin(), loads_.end(), timed_out)) return false;
  // The worst load agent, as the gate `slot_overlap` judges.
  uint32_t overdue = 0;
  for (const LoadJob& load : loads_) {
    overdue = std::max(overdue, load.record.finished().overdue_slots());
  }
  return static_cast<double>(overdue) > kMostOverdueShare * slots()->own_size();
}

void ExecutionRunner::Attempt::CountServerCpuResponses() {
  if (server_ != nullptr && slots() != nullptr) {
    // No request is in flight at the edges of slots, so both agents count the same ones.
    std::vector<uint64_t> responses;
    for (const LoadJob& load : loads_) {
      responses.push_back(load.record.finished().cpu_responses());
    }
    const std::optional<uint64_t> sum = SumOf(responses);
    if (sum.has_value()) finished_.record.set_server_cpu_responses(*sum);
  } else if (server_ != nullptr) {
    const AgentDescription& server = runner_.pool_.server().description();
    std::vector<LoadResponses> responses;
    for (const LoadJob& load : loads_) {
      const int64_t apart_ns = std::abs(load.record.start_ns() - server_start_ns_);
      // Check the clocks too: a container may have its own clock.
      const bool same_clock =
          OnSameHost(server, load.member->record.description()) &&
          apart_ns <= load.record.round_trip_ns() + server_clock_->round_trip_ns;
      responses.push_back({&load.record.finished().timeline(), load.record.start_ns(), same_clock});
    }
    const std::optional<uint64_t> count =
        ServerCpuResponses(finished_.record.server(), server_start_ns_, responses);
    if (count.has_value()) finished_.record.set_server_cpu_responses(*count);
  }
  for (LoadJob& load : loads_) load.record.mutable_finished()->clear_timeline();
}

absl::Status ExecutionRunner::Attempt::FetchProfile() {
  ProfileIntake intake;
  const auto take = [&](const DataRecord& record) -> absl::Status {
    if (!record.has_profile()) {
      return absl::DataLossError(absl::StrCat(
          "sent data record ", record.sequence(),
          " without a profile, where the profile was expected; use an agent of the controller's "
          "version"));
    }
    intake.Take(record.profile());
    return absl::OkStatus();
  };
  ASSAY_RETURN_IF_ERROR(RecordFailure(server_->ReadData(take, clock_.After(kDataTimeout)),
                                      runner_.pool_.server(), JobId::SERVER));
  ServerFinished& server = *finished_.record.mutable_server();
  if (server.has_profile()) finished_.profile = std::move(intake).Finish(server.mutable_profile());
  return absl::OkStatus();
}

absl::Status ExecutionRunner::Attempt::FetchSamples(uint32_t load, SpanRequests* spans) {
  LoadJob& job = loads_[load];
  LoadIntake intake(runner_.store_, runner_.campaign_id_, finished_.record.id(), load, job.record,
                    spans,
                    slots() == nullptr ? IntakeLimits::Over(elapsed_)
                                       : IntakeLimits::OverSlots(elapsed_, *slots()));
  const absl::Status fetched =
      job.client->ReadData([&](const DataRecord& record) { return intake.Take(record); },
                           [&] { return intake.Stage(); }, clock_.After(kDataTimeout));
  // A store failure ends the campaign; missing data of an agent fails this execution only.
  ASSAY_RETURN_IF_ERROR(intake.store_status());
  ASSAY_RETURN_IF_ERROR(RecordFailure(fetched, *job.member, JobId::LOAD));
  std::move(intake.chunks().begin(), intake.chunks().end(), std::back_inserter(finished_.chunks));
  std::move(intake.seconds().begin(), intake.seconds().end(),
            std::back_inserter(finished_.seconds));
  return absl::OkStatus();
}

absl::Status ExecutionRunner::Attempt::MergeLatency() {
  LatencyHistogram merged;
  for (size_t i = 0; i < loads_.size(); ++i) {
    const absl::StatusOr<LatencyHistogram> one =
        LatencyOf(finished_.record.loads(static_cast<int>(i)).finished());
    if (!one.ok()) return RecordFailure(one.status(), *loads_[i].member, JobId::LOAD);
    merged.Merge(*one);
  }
  ToProto(merged, finished_.record.mutable_latency());
  return absl::OkStatus();
}

}  // namespace assay::controller
