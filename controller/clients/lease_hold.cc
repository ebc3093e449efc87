#include "controller/clients/lease_hold.h"

#include <utility>

#include "common/monotonic_clock.h"
#include "controller/clients/agent_connection.h"

namespace assay::controller {
namespace {

constexpr absl::Duration kAttachPause = absl::Milliseconds(100);

}  // namespace

LeaseHold::LeaseHold(AgentClient& client, const JobId& job, absl::Duration length,
                     std::function<void()> lost)
    : client_(client), clock_(client.clock()), job_(job), length_(length), lost_(std::move(lost)) {
  {
    absl::MutexLock lock(&mutex_);
    held_until_ns_ = clock_.After(length_);
  }
  renewer_ = std::thread([this] { Renew(); });
  watcher_ = std::thread([this] { Watch(); });
}

LeaseHold::~LeaseHold() {
  End();
  renewer_.join();
  watcher_.join();
}

void LeaseHold::End() {
  absl::MutexLock lock(&mutex_);
  EndLocked();
}

void LeaseHold::EndLocked() {
  ended_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

void LeaseHold::Renew() {
  LeaseRenewal renewal;
  *renewal.mutable_job() = job_;
  while (true) {
    grpc::ClientContext context;
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      context_ = &context;
    }
    const auto stream = client_.connection().stub->HoldLease(&context);
    LeaseGrant grant;
    while (true) {
      const int64_t asked_ns = clock_.NowNanos();
      if (!stream->Write(renewal) || !stream->Read(&grant)) break;
      absl::MutexLock lock(&mutex_);
      // A grant of 0 means that the job has ended.
      if (grant.lease_ms() > 0) held_until_ns_ = asked_ns + absl::ToInt64Nanoseconds(length_);
      // Renew after a third of the lease, so that two renewals may be lost.
      const int64_t next_ns = asked_ns + absl::ToInt64Nanoseconds(length_ / 3);
      if (clock_.AwaitUntil(mutex_, absl::Condition(&ended_), next_ns)) break;
    }
    stream->WritesDone();
    context.TryCancel();
    stream->Finish();
    absl::MutexLock lock(&mutex_);
    context_ = nullptr;
    if (clock_.AwaitFor(mutex_, absl::Condition(&ended_), kAttachPause)) return;
  }
}

void LeaseHold::Watch() {
  {
    absl::MutexLock lock(&mutex_);
    while (!ended_) {
      const int64_t until_ns = held_until_ns_;
      if (clock_.NowNanos() >= until_ns) break;
      const auto changed = [this, until_ns]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return ended_ || held_until_ns_ != until_ns;
      };
      clock_.AwaitUntil(mutex_, absl::Condition(&changed), until_ns);
    }
    if (ended_) return;
    EndLocked();
  }
  lost_();
}

}  // namespace assay::controller
