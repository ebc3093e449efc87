#ifndef ASSAY_AGENT_JOBS_LOAD_JOB_H_
#define ASSAY_AGENT_JOBS_LOAD_JOB_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "agent/jobs/address.h"
#include "agent/jobs/agent_context.h"
#include "agent/jobs/job.h"
#include "agent/jobs/window_reading.h"
#include "agent/launcher/launched_process.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/load_protocol/control_socket.h"
#include "agent/load_protocol/ring_drain.h"
#include "agent/load_protocol/ring_plan.h"
#include "agent/load_protocol/sample_ring.h"
#include "common/unique_fd.h"

namespace assay::agent {

// The LOAD role: starts the load generator, pinned, and carries what it says and records to the controller.
//
// Samples come through a ring in shared memory. Where this agent has a CPU that nobody is pinned to, the ring is
// drained ten times a second; elsewhere only after the window, and within it only where it would overflow: an agent
// that runs on a spinning load thread's core stalls it for milliseconds. In slots, a ring that may overflow is drained
// after the load of each own slot, in the middle of the gap before the next slot: the samples of one slot are few.
class LoadJob final : public Job {
 public:
  LoadJob(OpenRequest request, std::unique_ptr<Strand> strand, const AgentContext& context);

 protected:
  absl::Status Admit() override;
  void Launch() override;
  void BeginWindow(int64_t start_ns) override;
  void EndWindow() override;
  void Release(bool orderly) override;

 private:
  const LoadSpec& spec() const { return request().load(); }
  int threads() const { return spec().threads() == 0 ? 1 : static_cast<int>(spec().threads()); }
  // What the job fails with, or nothing.
  std::optional<Failure> CheckResponse();
  absl::Status StartProcess();
  absl::Status CreateRing(UniqueFd& memory);
  bool HasSpareCpu() const;
  // When to look at the ring next.
  int64_t NextDrainNs(int64_t now_ns) const;

  void OnControlReadable();
  void Take(loadgen::FromLoadgen message);
  void TakeReady(const loadgen::Ready& said);
  void TakeFinished(LoadFinished finished);
  void OnProcessEnded(const Ended& ended);

  void ReadBegin();
  void ReadEnd();
  void KeepDraining();
  void DrainRing(bool finish);

  Failure FailureOf(Failure::Kind kind, const std::string& what) const;

  const AgentContext& context_;
  HostPort destination_;
  CpuSet cpus_;

  loadgen::RingPlan ring_plan_;
  std::unique_ptr<loadgen::SampleRing> ring_;
  std::optional<loadgen::RingDrain> drain_;
  std::optional<loadgen::ControlSocket> control_;
  std::unique_ptr<LaunchedProcess> process_;

  std::optional<WindowReading> begin_;
  std::optional<WindowReading> end_;
  int64_t start_ns_ = 0;
  // Whether the load generator has said so.
  bool ready_ = false;
  bool finished_ = false;
  bool spare_cpu_ = false;
  // Samples that came out of the ring and could not be kept.
  uint64_t lost_here_ = 0;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_LOAD_JOB_H_
