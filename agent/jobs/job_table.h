#ifndef ASSAY_AGENT_JOBS_JOB_TABLE_H_
#define ASSAY_AGENT_JOBS_JOB_TABLE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "agent/jobs/job.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// The jobs that this agent plays now, by execution and role.
//
// Each job has a thread and descriptors from Open on, also while it waits to be admitted, so there is a limit to them.
//
// Threads: any; nothing here blocks but CloseAll(). Callbacks run on a job's strand, or at once.
class JobTable : public std::enable_shared_from_this<JobTable> {
 public:
  // Makes the job that a checked request asks for. An error is what Open is refused with.
  using Make = std::function<absl::StatusOr<std::shared_ptr<Job>>(const OpenRequest&)>;

  // Enough for what a host of some CPUs can run, with as many that wait.
  static constexpr size_t kMostJobs = 64;

  static std::shared_ptr<JobTable> Create(Make make, size_t most_jobs = kMostJobs);

  // Opens a job, or finds it open with the same contents: the same response then. kAlreadyExists: open with others.
  // kResourceExhausted: as many are open or waiting as may be, or what one needs is not to be had.
  void Open(const OpenRequest& request, std::function<void(absl::Status)> decided);
  // kNotFound says that the job was closed, forgotten or never opened.
  absl::StatusOr<std::shared_ptr<Job>> Find(const JobId& id) const;
  // Calls back when nothing of the job is left; at once when there is no such job.
  void Close(const JobId& id, std::function<void()> closed);

  // Whether this agent plays the server of that execution, and serves at that "HOST:PORT".
  bool Serves(const std::string& execution_id, const std::string& destination) const;

  // Refuses what is opened from now on, closes all there is, and waits for it. False: something was not gone in time.
  bool CloseAll(absl::Duration timeout);

 private:
  using Key = std::pair<std::string, int>;

  JobTable(Make make, size_t most_jobs) : make_(std::move(make)), most_jobs_(most_jobs) {}
  static Key KeyOf(const JobId& id) { return {id.execution_id(), id.role()}; }
  void Remove(const Key& key, const Job* job) ABSL_LOCKS_EXCLUDED(mutex_);

  const Make make_;
  const size_t most_jobs_;
  mutable absl::Mutex mutex_;
  std::map<Key, std::shared_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_JOB_TABLE_H_
