#include "agent/jobs/job_table.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"

namespace assay::agent {
namespace {

std::string NameOf(const JobId& id) {
  return absl::StrCat(id.role() == JobId::SERVER ? "server" : "load", " part of execution '",
                      id.execution_id(), "'");
}

}  // namespace

std::shared_ptr<JobTable> JobTable::Create(Make make, size_t most_jobs) {
  return std::shared_ptr<JobTable>(new JobTable(std::move(make), most_jobs));
}

void JobTable::Open(const OpenRequest& request, std::function<void(absl::Status)> decided) {
  const Key key = KeyOf(request.job());
  std::shared_ptr<Job> job;
  absl::Status refused;
  bool fresh = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = jobs_.find(key);
    if (closing_) {
      refused = absl::UnavailableError("this agent is shutting down");
    } else if (found == jobs_.end() && jobs_.size() >= most_jobs_) {
      refused = absl::ResourceExhaustedError(
          absl::StrCat("this agent has ", most_jobs_,
                       " jobs open or waiting, and takes no more at once; try again later"));
    } else if (found == jobs_.end()) {
      absl::StatusOr<std::shared_ptr<Job>> made = make_(request);
      refused = made.status();
      if (made.ok()) {
        job = *std::move(made);
        fresh = true;
        jobs_[key] = job;
      }
    } else if (google::protobuf::util::MessageDifferencer::Equals(found->second->request(),
                                                                  request)) {
      job = found->second;
    } else {
      refused = absl::AlreadyExistsError(
          absl::StrCat("the ", NameOf(request.job()), " is open already, with other contents"));
    }
  }
  if (!refused.ok()) return decided(refused);
  if (fresh) {
    job->Begin([table = weak_from_this(), key, raw = job.get()] {
      if (const std::shared_ptr<JobTable> self = table.lock()) self->Remove(key, raw);
    });
  }
  job->OnAdmitted(std::move(decided));
}

absl::StatusOr<std::shared_ptr<Job>> JobTable::Find(const JobId& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = jobs_.find(KeyOf(id));
  if (found != jobs_.end()) return found->second;
  return absl::NotFoundError(
      absl::StrCat("this agent has no ", NameOf(id),
                   ": it was closed, forgotten after its lease, or never opened"));
}

void JobTable::Close(const JobId& id, std::function<void()> closed) {
  const absl::StatusOr<std::shared_ptr<Job>> job = Find(id);
  if (!job.ok()) return closed();
  (*job)->Close(std::move(closed));
}

bool JobTable::Serves(const std::string& execution_id, const std::string& destination) const {
  std::shared_ptr<Job> job;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = jobs_.find({execution_id, JobId::SERVER});
    if (found == jobs_.end()) return false;
    job = found->second;
  }
  return job->ServesAt(destination);
}

void JobTable::Remove(const Key& key, const Job* job) {
  std::shared_ptr<Job> removed;  // Not destroyed under the lock.
  absl::MutexLock lock(&mutex_);
  const auto found = jobs_.find(key);
  if (found == jobs_.end() || found->second.get() != job) return;
  removed = std::move(found->second);
  jobs_.erase(found);
}

bool JobTable::CloseAll(absl::Duration timeout) {
  std::vector<std::shared_ptr<Job>> jobs;
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    for (const auto& [key, job] : jobs_) jobs.push_back(job);
  }
  for (const std::shared_ptr<Job>& job : jobs) job->Close([] {});
  absl::MutexLock lock(&mutex_);
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return jobs_.empty(); };
  return mutex_.AwaitWithTimeout(absl::Condition(&empty), timeout);
}

}  // namespace assay::agent
