#include "controller/campaign/campaign_runner.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "common/version.h"
#include "controller/campaign/execution_runner.h"
#include "controller/campaign/plan_fit.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/capacity_search.h"
#include "controller/results/unit_attempts.h"
#include "controller/store/record_id.h"

namespace assay::controller {
namespace {

constexpr absl::Duration kWatchEvery = absl::Seconds(1);
constexpr int kHeartbeatEvery = 5;  // In units of kWatchEvery.
constexpr absl::Duration kStillThereTimeout = absl::Seconds(3);

// Writes the heartbeats of a running campaign to the store, and polls the store for a cancellation.
class CampaignWatch {
 public:
  CampaignWatch(Store& store, std::string id, Interruption& interruption)
      : store_(store),
        id_(std::move(id)),
        interruption_(interruption),
        thread_([this] { Run(); }) {}
  ~CampaignWatch() {
    ended_.Notify();
    thread_.join();
  }

 private:
  void Run() {
    for (int turn = 1; !ended_.WaitForNotificationWithTimeout(kWatchEvery); ++turn) {
      // If the store is busy, the next turn asks again.
      const absl::StatusOr<bool> cancelled = store_.CancelRequested(id_);
      if (cancelled.ok() && *cancelled) {
        interruption_.Request(absl::CancelledError("cancelled from another terminal"));
        return;
      }
      if (turn % kHeartbeatEvery == 0) store_.Heartbeat(id_).IgnoreError();
    }
  }

  Store& store_;
  const std::string id_;
  Interruption& interruption_;
  absl::Notification ended_;
  std::thread thread_;
};

CampaignRecord::Status StatusFor(const absl::Status& ended) {
  if (ended.ok()) return CampaignRecord::COMPLETE;
  return absl::IsCancelled(ended) ? CampaignRecord::CANCELLED : CampaignRecord::INTERRUPTED;
}

void PrintSkipped(const CampaignRecord& campaign, Progress& progress) {
  for (const SkippedTarget& skipped : campaign.skipped()) {
    progress.PrintLine(absl::StrCat("skipped: ", skipped.target(),
                                    skipped.workload().empty() ? "" : " ", skipped.workload(), ": ",
                                    skipped.reason()));
  }
}

std::string CpuModel(const AgentRecord& agent) {
  const auto found = agent.description().environment().find("cpu.model");
  return found == agent.description().environment().end() ? "" : found->second;
}

// One campaign must not mix the results of different machines.
absl::Status CheckSameMachines(const CampaignRecord& campaign,
                               const std::vector<PoolMember>& members) {
  const int agents = campaign.agents_size();
  if (agents != static_cast<int>(members.size())) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot resume campaign ", campaign.id(), ": it started on ",
                     CountText(static_cast<uint64_t>(agents), "agent"), ", not ", members.size(),
                     "; pass the same agents to --agents, or `rerun` the campaign on these"));
  }
  for (int i = 0; i < agents; ++i) {
    const AgentRecord& before = campaign.agents(i);
    const AgentRecord& now = members[i].record;
    if (CpuModel(before) == CpuModel(now) &&
        before.description().cpus() == now.description().cpus()) {
      continue;
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot resume campaign ", campaign.id(), ": it started on ", before.description().host(),
        " (CPUs ", before.description().cpus(), " of \"", CpuModel(before), "\"), but agent ",
        now.address(), " runs on ", now.description().host(), " (CPUs ", now.description().cpus(),
        " of \"", CpuModel(now),
        "\"); pass the original agents to --agents, or `rerun` the campaign here"));
  }
  return absl::OkStatus();
}

std::vector<ScheduledExecution> ScheduleWithout(const Plan& plan, const SkippedCells& skipped) {
  std::vector<ScheduledExecution> schedule = ScheduleOf(plan);
  schedule.erase(
      std::remove_if(schedule.begin(), schedule.end(),
                     [&](const ScheduledExecution& one) { return skipped.Contains(one.cell); }),
      schedule.end());
  return schedule;
}

// The unit that begins at index `begin` of a schedule.
absl::Span<const ScheduledExecution> UnitAt(const std::vector<ScheduledExecution>& schedule,
                                            size_t begin) {
  size_t end = begin + 1;
  while (end < schedule.size() && schedule[end].block == schedule[begin].block &&
         schedule[end].unit == schedule[begin].unit) {
    ++end;
  }
  return absl::MakeConstSpan(schedule).subspan(begin, end - begin);
}

}  // namespace

void CampaignRunner::DescribeAgents(CampaignRecord& campaign) const {
  campaign.clear_agents();
  for (const PoolMember& member : pool_.members()) *campaign.add_agents() = member.record;
}

absl::StatusOr<CampaignRecord> CampaignRunner::Run(const Plan& plan, const std::string& plan_text,
                                                   const std::string& label) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<SkippedTarget> skipped, FitToAgents(plan, pool_));
  CampaignRecord campaign;
  campaign.set_id(DrawCampaignId());
  campaign.set_label(label);
  *campaign.mutable_plan() = plan;
  campaign.set_plan_text(plan_text);
  campaign.set_started_us(absl::ToUnixMicros(absl::Now()));
  campaign.set_status(CampaignRecord::RUNNING);
  campaign.set_controller_version(kAssayVersion);
  campaign.mutable_skipped()->Assign(skipped.begin(), skipped.end());
  DescribeAgents(campaign);
  std::vector<ExecutionTask> tasks;
  for (ScheduledExecution& scheduled : ScheduleWithout(plan, SkippedCells(skipped))) {
    tasks.push_back({std::move(scheduled), 0});
  }
  ASSAY_RETURN_IF_ERROR(store_.CreateCampaign(campaign));
  return RunTasks(std::move(campaign), tasks);
}

absl::StatusOr<CampaignRecord> CampaignRunner::Resume(CampaignRecord campaign) {
  ASSAY_RETURN_IF_ERROR(CheckSameMachines(campaign, pool_.members()));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<SkippedTarget> skipped,
                         FitToAgents(campaign.plan(), pool_));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<ExecutionTask> tasks,
                         MissingTasks(campaign, SkippedCells(skipped)));
  if (campaign.status() == CampaignRecord::COMPLETE && tasks.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("campaign ", campaign.id(),
                     " is complete and has no failed execution; `rerun` runs it again"));
  }
  campaign.set_status(CampaignRecord::RUNNING);
  campaign.clear_status_reason();
  campaign.clear_ended_us();
  campaign.mutable_skipped()->Assign(skipped.begin(), skipped.end());
  DescribeAgents(campaign);
  ASSAY_RETURN_IF_ERROR(store_.UpdateCampaign(campaign));
  return RunTasks(std::move(campaign), tasks);
}

absl::StatusOr<std::vector<ExecutionTask>> CampaignRunner::MissingTasks(
    const CampaignRecord& campaign, const SkippedCells& skipped) {
  std::vector<ExecutionTask> tasks;
  if (campaign.plan().load().has_find()) {
    ASSAY_ASSIGN_OR_RETURN(StoredSearches stored, StoredSearches::Read(store_, campaign));
    for (ScheduledExecution& scheduled : ScheduleWithout(campaign.plan(), skipped)) {
      ASSAY_ASSIGN_OR_RETURN(
          const CapacitySearch search,
          ReplaySearch(campaign.plan(), stored.Of(scheduled.cell, scheduled.block)));
      if (search.Next().has_value()) tasks.push_back({std::move(scheduled), 0});
    }
    return tasks;
  }
  UnitAttempts made(campaign.plan());
  ASSAY_RETURN_IF_ERROR(
      store_.ForEachExecution(campaign.id(), [&](const ExecutionRecord& execution) {
        made.See(execution);
        return absl::OkStatus();
      }));
  const std::vector<ScheduledExecution> schedule = ScheduleWithout(campaign.plan(), skipped);
  for (size_t i = 0; i < schedule.size();) {
    const absl::Span<const ScheduledExecution> unit = UnitAt(schedule, i);
    i += unit.size();
    if (made.IsMeasured(unit)) continue;
    const uint32_t attempt = made.NextAttempt(unit);
    for (const ScheduledExecution& one : unit) tasks.push_back({one, attempt});
  }
  return tasks;
}

absl::StatusOr<CampaignRecord> CampaignRunner::RunTasks(CampaignRecord campaign,
                                                        const std::vector<ExecutionTask>& tasks) {
  ASSAY_RETURN_IF_ERROR(store_.SweepUncommitted().status());
  absl::Status ended;
  {
    const CampaignWatch watch(store_, campaign.id(), interruption_);
    ended = campaign.plan().load().has_find() ? ExecuteSearches(campaign, tasks)
                                              : Execute(campaign, tasks);
  }
  bool any_measured = false;
  // Damaged executions do not keep the campaign from ending; its results report them.
  std::vector<absl::Status> damaged;
  ASSAY_RETURN_IF_ERROR(store_.ForEachExecution(
      campaign.id(),
      [&](const ExecutionRecord& execution) {
        any_measured = any_measured || execution.status() == ExecutionRecord::MEASURED;
        return absl::OkStatus();
      },
      &damaged));
  campaign.set_status(StatusFor(ended));
  if (ended.ok() && !any_measured) {
    campaign.set_status(CampaignRecord::FAILED);
    ended = absl::AbortedError("all executions failed");
  }
  campaign.set_status_reason(std::string(ended.message()));
  campaign.set_ended_us(absl::ToUnixMicros(absl::Now()));
  ASSAY_RETURN_IF_ERROR(store_.UpdateCampaign(campaign));
  return campaign;
}

absl::Status CampaignRunner::Execute(const CampaignRecord& campaign,
                                     const std::vector<ExecutionTask>& tasks) {
  const Plan& plan = campaign.plan();
  const absl::Duration pause = absl::Seconds(plan.pause().seconds());
  ExecutionRunner runner(plan, campaign.id(), pool_, store_, interruption_,
                         rules_.IdleShareThatVoids());
  // A resumed campaign keeps the slots of its earlier blocks.
  ASSAY_RETURN_IF_ERROR(
      store_.ForEachExecution(campaign.id(), [&runner](const ExecutionRecord& execution) {
        runner.KeepSlotsOf(execution);
        return absl::OkStatus();
      }));
  Progress progress(style_, static_cast<int>(tasks.size()));
  PrintSkipped(campaign, progress);
  const int64_t began_ns = pool_.clock().NowNanos();
  for (size_t i = 0; i < tasks.size();) {
    const int remaining = static_cast<int>(tasks.size() - i);
    absl::Duration left = LengthOf(plan, remaining).total;
    if (i > 0) {
      const absl::Duration taken = absl::Nanoseconds(pool_.clock().NowNanos() - began_ns);
      left = taken / static_cast<double>(i) * remaining;
    }
    const auto same_unit = [&](const ExecutionTask& task) {
      return task.execution.block == tasks[i].execution.block &&
             task.execution.unit == tasks[i].execution.unit;
    };
    const auto end =
        std::find_if_not(tasks.begin() + static_cast<int64_t>(i), tasks.end(), same_unit);
    const absl::Span<const ExecutionTask> unit(&tasks[i], end - tasks.begin() - i);
    std::vector<Cell> cells;
    for (const ExecutionTask& task : unit) cells.push_back(task.execution.cell);
    progress.Begin(static_cast<int>(i) + 1, cells, tasks[i].execution.block, plan.blocks(), left);
    ASSAY_ASSIGN_OR_RETURN(std::vector<FinishedExecution> finished, runner.Run(unit));
    ASSAY_RETURN_IF_ERROR(Commit(campaign, finished));
    for (const FinishedExecution& one : finished) progress.End(one.record);
    ASSAY_RETURN_IF_ERROR(CheckFailures(plan, finished));
    i += unit.size();
    if (i < tasks.size() && !interruption_.Sleep(pause)) return interruption_.status();
  }
  return interruption_.status();
}

void CampaignRunner::FailRefused(FinishedExecution& finished) const {
  const absl::Status refused =
      Store::CheckExecution(finished.record, finished.seconds, finished.profile);
  if (refused.ok()) return;
  const PoolMember* sender = &pool_.server();
  JobId::Role role = JobId::SERVER;
  const std::vector<const PoolMember*> loads = std::as_const(pool_).loads();
  for (int i = 0; i < finished.record.loads_size(); ++i) {
    ExecutionRecord of_load;
    *of_load.add_loads() = finished.record.loads(i);
    std::vector<LoadInterval> seconds;
    std::copy_if(finished.seconds.begin(), finished.seconds.end(), std::back_inserter(seconds),
                 [i](const LoadInterval& one) { return one.load == static_cast<uint32_t>(i); });
    if (Store::CheckExecution(of_load, seconds).ok()) continue;
    sender = loads[i];
    role = JobId::LOAD;
    break;
  }
  // Keep nothing that an agent sent.
  FinishedExecution failed;
  ExecutionRecord& record = failed.record;
  record.set_id(finished.record.id());
  record.set_campaign_id(finished.record.campaign_id());
  *record.mutable_cell() = finished.record.cell();
  record.set_block(finished.record.block());
  record.set_position(finished.record.position());
  record.set_attempt(finished.record.attempt());
  record.set_started_us(finished.record.started_us());
  record.set_disturbed_starts(finished.record.disturbed_starts());
  if (finished.record.has_slots()) *record.mutable_slots() = finished.record.slots();
  record.set_group(finished.record.group());
  record.set_status(ExecutionRecord::FAILED);
  ExecutionFailure& failure = *record.mutable_failure();
  failure.set_agent(sender->record.address());
  failure.set_role(role);
  failure.mutable_failure()->set_kind(Failure::INTERNAL);
  failure.mutable_failure()->set_message(
      absl::StrCat("agent ", sender->record.address(), " (", sender->description().host(),
                   ") sent a record that the store refuses: ", refused.message(),
                   "; use an agent of the controller's version, then `resume` the campaign"));
  finished = std::move(failed);
}

absl::Status CampaignRunner::ExecuteSearches(const CampaignRecord& campaign,
                                             const std::vector<ExecutionTask>& searches) {
  const Plan& plan = campaign.plan();
  ASSAY_ASSIGN_OR_RETURN(StoredSearches stored, StoredSearches::Read(store_, campaign));
  Plan plan_of_step = plan;
  ExecutionRunner runner(plan_of_step, campaign.id(), pool_, store_, interruption_,
                         rules_.IdleShareThatVoids());
  const int count = static_cast<int>(searches.size());
  Progress progress(style_, count);
  PrintSkipped(campaign, progress);
  const int64_t began_ns = pool_.clock().NowNanos();
  for (int i = 0; i < count; ++i) {
    absl::Duration left = LengthOf(plan, count - i).total;
    if (i > 0) {
      const absl::Duration taken = absl::Nanoseconds(pool_.clock().NowNanos() - began_ns);
      left = taken / static_cast<double>(i) * (count - i);
    }
    const ScheduledExecution& scheduled = searches[static_cast<size_t>(i)].execution;
    progress.Begin(i + 1, {scheduled.cell}, scheduled.block, plan.blocks(), left);
    ASSAY_RETURN_IF_ERROR(Search(campaign, scheduled, stored, plan_of_step, runner, progress));
  }
  return interruption_.status();
}

absl::Status CampaignRunner::Search(const CampaignRecord& campaign,
                                    const ScheduledExecution& scheduled, StoredSearches& stored,
                                    Plan& plan_of_step, ExecutionRunner& runner,
                                    Progress& progress) {
  const Plan& plan = campaign.plan();
  const uint32_t block = scheduled.block;
  std::vector<SearchExecution>& made = stored.Of(scheduled.cell, block);
  ASSAY_ASSIGN_OR_RETURN(CapacitySearch search, ReplaySearch(plan, made));
  while (search.Next().has_value()) {
    const SearchStep step = *search.Next();
    plan_of_step = PlanOfStep(plan, step);
    ExecutionTask task{.execution = scheduled};
    task.execution.cell = CellOfStep(scheduled.cell, step.rate_per_s);
    task.execution.position = stored.NextPosition(block);
    // A search may go to a rate more than once.
    task.attempt = static_cast<uint32_t>(std::count_if(
        made.begin(), made.end(),
        [&](const SearchExecution& one) { return one.rate_per_s == step.rate_per_s; }));
    ASSAY_ASSIGN_OR_RETURN(std::vector<FinishedExecution> finished, runner.Run({task}));
    ASSAY_RETURN_IF_ERROR(Commit(campaign, finished));
    const ExecutionRecord& record = finished.front().record;
    progress.End(record);
    SearchExecution found = SearchExecutionOf(plan.load().find(), record);
    search.Record(found.evidence);
    stored.Add(record, std::move(found));
    ASSAY_RETURN_IF_ERROR(CheckFailures(plan, finished));
    if (!interruption_.Sleep(absl::Seconds(plan.pause().seconds()))) return interruption_.status();
  }
  return interruption_.status();
}

absl::Status CampaignRunner::CheckFailures(const Plan& plan,
                                           const std::vector<FinishedExecution>& finished) {
  for (const FinishedExecution& one : finished) {
    if (one.record.status() != ExecutionRecord::FAILED) continue;
    ASSAY_RETURN_IF_ERROR(CheckAgents(one.record));
    if (plan.on_failure() == Plan::STOP) {
      return absl::AbortedError(absl::StrCat(
          CellText(one.record.cell()), " failed: ", one.record.failure().failure().message()));
    }
  }
  return absl::OkStatus();
}

absl::Status CampaignRunner::Commit(const CampaignRecord& campaign,
                                    std::vector<FinishedExecution>& unit) {
  for (FinishedExecution& finished : unit) FailRefused(finished);
  std::vector<const AgentRecord*> agents;
  for (const AgentRecord& agent : campaign.agents()) agents.push_back(&agent);
  std::vector<MeasuredExecution> measured;
  for (FinishedExecution& finished : unit) {
    if (finished.record.status() != ExecutionRecord::MEASURED) continue;
    MeasuredExecution& one = measured.emplace_back();
    one.record = &finished.record;
    for (const LoadInterval& interval : finished.seconds) one.intervals.push_back(&interval.second);
  }
  JudgeTogether(rules_, campaign.plan(), agents, measured);
  for (FinishedExecution& finished : unit) {
    ASSAY_RETURN_IF_ERROR(store_.CommitExecution(finished.record, finished.chunks, finished.seconds,
                                                 finished.profile));
  }
  return absl::OkStatus();
}

absl::Status CampaignRunner::CheckAgents(const ExecutionRecord& failed) {
  for (const PoolMember& member : pool_.members()) {
    const absl::StatusOr<AgentDescription> there = member.client->Describe(kStillThereTimeout);
    if (!there.ok()) {
      return absl::UnavailableError(absl::StrCat("lost agent ", member.record.address(), " during ",
                                                 CellText(failed.cell()), ": ",
                                                 failed.failure().failure().message()));
    }
    if (there->instance_id() != member.description().instance_id()) {
      return absl::UnavailableError(absl::StrCat("agent ", member.record.address(),
                                                 " restarted during ", CellText(failed.cell())));
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::controller
