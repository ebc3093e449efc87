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

// A data stream of a job: sends records from the number that the reader requests, and receives acknowledgements. It
// sends at most kAhead records beyond the last acknowledged one, and writes the spool's bytes as they are.
//
// Ends with OK after the end mark, with ABORTED when a newer stream replaces it, and with OUT_OF_RANGE when the reader
// requests a record that it has committed. StreamBounds ends it with DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED. Records
// are read on the job's strand, because they may come from a disk. Deletes itself.
class DataStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         private StreamSlot::Occupant {
 public:
  // Number of records that are sent beyond the last one that the reader has received.
  static constexpr uint64_t kAhead = 64;

  DataStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds);

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void OnChange() override;
  void OnReplaced() override;

  absl::Status Take(const DataRequest& request) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Fetches the next record, or finishes the stream, unless a fetch or a write is in progress.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fetch() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<JobTable> jobs_;
  // Set once, by the first request; only read after that.
  std::shared_ptr<Job> job_;
  grpc::ByteBuffer incoming_;

  absl::Mutex mutex_;
  bool attached_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ByteBuffer outgoing_ ABSL_GUARDED_BY(mutex_);
  // Whether that is the end mark.
  bool outgoing_is_last_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t received_ ABSL_GUARDED_BY(mutex_) = 0;
  // A record is being fetched or written. The stream must live until that is done.
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  // A record was added while Fetch() found none: fetch again.
  bool fetch_again_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Last, so that it is destroyed first; after that it does not end the stream.
  StreamBounds::Ticket ticket_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_DATA_STREAM_H_
