#ifndef ASSAY_AGENT_JOBS_SERVER_JOB_H_
#define ASSAY_AGENT_JOBS_SERVER_JOB_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/agent_context.h"
#include "agent/jobs/job.h"
#include "agent/jobs/private_folder.h"
#include "agent/jobs/profile_spool.h"
#include "agent/jobs/slot_readings.h"
#include "agent/jobs/window_reading.h"
#include "agent/launcher/launched_process.h"
#include "agent/profiler/profiler.h"

namespace assay::agent {

// The SERVER role: starts a target of the catalogue, pinned, waits until it is ready, holds its response against what is
// right, and reads what it used between the two ends of the window.
//
// With ServerSpec.profile the tree is profiled over the window: its chunks are the job's data, and how it was taken,
// or why it was not, is told with Finished. Naming the stacks may take some seconds, after the window.
//
// With ServerSpec.slots, the CPU clocks are also read at the edges of the job's own slots (agent/jobs/slot_readings.h).
// The full readings, which take a millisecond or two, are made shortly before the first and after the last slot that is
// counted, whoever owns it: the window of the host's counters is the same for all jobs of a group.
//
// Without slots, the window begins warmup_ns after the start asked for, and ends duration_ns later, or with Stop where it is counted
// in requests. Stop ends slots too; those that have not ended are not reported. A server that ends by itself is told as CRASHED with its last output, at any time before Close.
class ServerJob final : public Job {
 public:
  ServerJob(OpenRequest request, std::unique_ptr<Strand> strand, const AgentContext& context);

  bool ServesAt(const std::string& destination) const override ABSL_LOCKS_EXCLUDED(address_mutex_);

 protected:
  absl::Status Admit() override;
  void Launch() override;
  void BeginWindow(int64_t start_ns) override;
  void EndWindow() override;
  void Release(bool orderly) override;

 private:
  const ServerSpec& spec() const { return request().server(); }
  std::string host() const;
  // Each returns what the job fails with, or nothing.
  std::optional<Failure> StartProcess();
  std::optional<Failure> AwaitReady();
  std::optional<Failure> CheckResponse();
  Ready MakeReady();
  void OnProcessEnded(const Ended& ended);
  void BeginSlots(int64_t start_ns);
  void ReadSlot();
  void ReadBegin();
  void StartProfiler();
  void ReadEnd();

  Failure FailureOf(Failure::Kind kind, const std::string& what) const;
  Failure FailureOf(Failure::Kind kind, const absl::Status& status) const;
  Failure EndedFailure(const Ended& ended, const std::string& when) const;

  const AgentContext& context_;
  const CatalogueTarget* target_ = nullptr;
  CpuSet cpus_;
  uint16_t port_ = 0;
  std::optional<ResolvedTarget> resolved_;
  std::optional<PrivateFolder> folder_;
  std::unique_ptr<LaunchedProcess> process_;
  // When the window is to begin and, unless it is bounded by requests, to end.
  int64_t begin_ns_ = 0;
  std::optional<int64_t> end_ns_;
  std::optional<WindowReading> begin_;
  // While the job has slots, from its start.
  std::optional<SlotReadings> slots_;
  // From the window's begin to its end, where a profile was asked for.
  // Outlives the profiler, whose chunks it takes.
  std::optional<ProfileSpool> profile_spool_;
  std::unique_ptr<Profiler> profiler_;
  bool read_ = false;

  mutable absl::Mutex address_mutex_;
  // Set while it is ready.
  std::string address_ ABSL_GUARDED_BY(address_mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_SERVER_JOB_H_
