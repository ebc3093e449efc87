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

// A control stream of a job: receives commands and sends events. The job does not depend on the stream. If the stream
// breaks, the next one continues from the event that the controller names.
//
// Ends with OK when the job is closed or deleted, with ABORTED when a newer stream replaces it, and with the error of a
// command that is out of order. StreamBounds ends it with DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED. Deletes itself.
class ControlStream final : public grpc::ServerBidiReactor<ControlCommand, ControlEvent>,
                            private StreamSlot::Occupant {
 public:
  ControlStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds);

 private:
  // Largest number of pending clock questions. Beyond it, the stream does not read until one is replied to.
  static constexpr size_t kMostQuestions = 16;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void OnChange() override;
  void OnReplaced() override;

  // Executes the command. A status that is not OK ends the stream.
  absl::Status Obey(const ControlCommand& command) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Attach(const ControlCommand::Attach& attach) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Writes the next event, or finishes the stream, unless a write is in progress.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<JobTable> jobs_;
  // Set once, by the first command; only read after that.
  std::shared_ptr<Job> job_;
  ControlCommand command_;

  absl::Mutex mutex_;
  bool attached_ ABSL_GUARDED_BY(mutex_) = false;
  ControlEvent outgoing_ ABSL_GUARDED_BY(mutex_);
  std::deque<uint64_t> questions_ ABSL_GUARDED_BY(mutex_);
  // Sequence number of the last event that was passed to this stream.
  uint64_t after_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_paused_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Last, so that it is destroyed first; after that it does not end the stream.
  StreamBounds::Ticket ticket_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CONTROL_STREAM_H_
