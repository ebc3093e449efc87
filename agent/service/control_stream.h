#ifndef ASSAY_AGENT_SERVICE_CONTROL_STREAM_H_
#define ASSAY_AGENT_SERVICE_CONTROL_STREAM_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/job.h"
#include "agent/jobs/job_table.h"
#include "agent/jobs/stream_slot.h"
#include "agent/service/stream_bounds.h"
#include "grpcpp/support/server_callback.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// One life of a job's control stream: commands down, events up. It owns nothing of the job; when it breaks, the
// next one reads on where the controller says.
//
// Ends with OK when the job is closed or forgotten, ABORTED when a newer stream takes its place, and with a command's
// own error when that was out of order; with
// DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED as StreamBounds has it. Deletes itself.
class ControlStream final : public grpc::ServerBidiReactor<ControlCommand, ControlEvent>,
                            private StreamSlot::Occupant {
 public:
  ControlStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds);

 private:
  // Clock questions that wait for their response's turn; a peer that asks more is not read meanwhile.
  static constexpr size_t kMostQuestions = 16;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void OnNews() override;
  void OnReplaced() override;

  // What the command leads to; not OK ends the stream.
  absl::Status Obey(const ControlCommand& command) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Attach(const ControlCommand::Attach& attach) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Writes what is next, or finishes, unless a write is under way.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<JobTable> jobs_;
  // Set once, by the first command; after that read by all.
  std::shared_ptr<Job> job_;
  ControlCommand command_;

  absl::Mutex mutex_;
  bool attached_ ABSL_GUARDED_BY(mutex_) = false;
  ControlEvent outgoing_ ABSL_GUARDED_BY(mutex_);
  std::deque<uint64_t> questions_ ABSL_GUARDED_BY(mutex_);
  // The last event that was given to this stream.
  uint64_t after_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_paused_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Last: it is destroyed first, and ends the stream no more after that.
  StreamBounds::Ticket ticket_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CONTROL_STREAM_H_
