#ifndef ASSAY_AGENT_JOBS_SPOOL_H_
#define ASSAY_AGENT_JOBS_SPOOL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/stream_slot.h"
#include "common/unique_fd.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// The data records of one job, numbered from 1, kept until the controller has them in its store. They may be read
// again, from any that is not committed. A record is serialised once, by whoever makes it; from then on its bytes are
// passed on, and never parsed.
//
// The first `memory_bytes` of what waits stay in memory; what comes when that is full goes to files of their own, each
// removed when its last record is committed, all of them when the spool is destroyed. The files have no name in the
// folder: an agent that is killed leaves none.
//
// Threads: any. Cost: Append() serialises into what is kept, AppendSerialised() copies at most once, and Read() of a
// record in memory copies nothing. A file is written without fsync, since a spool does not outlive its agent.
class Spool {
 public:
  static constexpr size_t kMemoryBytes = size_t{4} << 20;
  static constexpr size_t kFileBytes = size_t{16} << 20;

  // `folder` must exist; it is asked for nothing before memory is full.
  explicit Spool(std::string folder, size_t memory_bytes = kMemoryBytes,
                 size_t file_bytes = kFileBytes);
  ~Spool();

  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Numbers the record and keeps it. An error says why it could not be kept (a full disk): the record is then lost,
  // its number is not used, and the run must be called incomplete. Ignored after End().
  absl::Status Append(DataRecord record);
  // The same for a record that is serialised already, without a sequence.
  absl::Status AppendSerialised(std::string record);
  // Appends the end mark; once.
  void End();
  bool ended() const;
  // The number of the last record so far; with End(), of the end mark.
  uint64_t last() const;
  // Records up to here are forgotten.
  uint64_t committed() const;

  // A DataRecord as it travels, its sequence in it. Immutable.
  using Bytes = std::shared_ptr<const std::string>;
  // The record of that number; null when it is not there yet. kOutOfRange when it is committed and gone.
  absl::StatusOr<Bytes> Read(uint64_t sequence) const;
  // Forgets all records up to `sequence`. What was not appended yet cannot be committed: kOutOfRange.
  absl::Status Commit(uint64_t sequence);

  // For tests and figures.
  size_t bytes_in_memory() const;
  size_t bytes_in_files() const;

  StreamSlot& slot() { return slot_; }

 private:
  struct File {
    UniqueFd fd;
    size_t bytes = 0;
    size_t records = 0;
  };
  // In memory, or where in which file.
  struct Kept {
    Bytes bytes;
    File* file = nullptr;
    size_t offset = 0;
    size_t size = 0;
  };

  uint64_t next() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return committed_ + kept_.size() + 1;
  }
  absl::Status Keep(std::string bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<File*> FileToWrite(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string folder_;
  const size_t memory_bytes_;
  const size_t file_bytes_;
  StreamSlot slot_;

  mutable absl::Mutex mutex_;
  // kept_[0] is record committed_ + 1.
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mutex_);
  uint64_t committed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<File> files_ ABSL_GUARDED_BY(mutex_);
  size_t in_memory_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_SPOOL_H_
