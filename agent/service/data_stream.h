#ifndef ASSAY_AGENT_SERVICE_DATA_STREAM_H_
#define ASSAY_AGENT_SERVICE_DATA_STREAM_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/job.h"
#include "agent/jobs/job_table.h"
#include "agent/jobs/stream_slot.h"
#include "agent/service/stream_bounds.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// One life of a job's data stream: records up from where the reader wants, at most kAhead beyond what it says it has
// received; acknowledgements down. It writes the bytes of the spool as they are, to a reader of DataRecords.
//
// Ends with OK after the end mark, ABORTED when a newer stream takes its place, OUT_OF_RANGE when it asks for what was
// committed, DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED as StreamBounds has it. Records are read on the job's strand, since they may come from a disk. Deletes itself.
class DataStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         private StreamSlot::Occupant {
 public:
  // Records that are sent beyond the last one received.
  static constexpr uint64_t kAhead = 64;

  DataStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds);

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void OnNews() override;
  void OnReplaced() override;

  absl::Status Take(const DataRequest& request) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Has the next record fetched, or finishes, unless one is under way.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fetch() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<JobTable> jobs_;
  // Set once, by the first request; after that read by all.
  std::shared_ptr<Job> job_;
  grpc::ByteBuffer incoming_;

  absl::Mutex mutex_;
  bool attached_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ByteBuffer outgoing_ ABSL_GUARDED_BY(mutex_);
  // Whether that is the end mark.
  bool outgoing_is_last_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t received_ ABSL_GUARDED_BY(mutex_) = 0;
  // A record is being fetched or written: the stream must live until that is done.
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  // Something came while a record that was not there yet was asked for: ask again.
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Last: it is destroyed first, and ends the stream no more after that.
  StreamBounds::Ticket ticket_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_DATA_STREAM_H_
