#include "agent/jobs/job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/text/valid_text.h"

namespace assay::agent {
namespace {

std::string TitleOf(const JobId& id) {
  return absl::StrCat(id.role() == JobId::SERVER ? "server" : "load generator", " of execution ",
                      id.execution_id());
}

}  // namespace

Job::Job(OpenRequest request, std::unique_ptr<Strand> strand, std::string spool_folder)
    : request_(std::move(request)),
      title_(TitleOf(request_.job())),
      spool_(std::move(spool_folder)),
      strand_(std::move(strand)) {}

bool Job::ServesAt(const std::string&) const { return false; }

void Job::Begin(std::function<void()> gone) {
  {
    absl::MutexLock lock(&mutex_);
    lease_until_ns_ = strand_->NowNanos() + lease_ns();
  }
  strand_->Post([self = shared_from_this(), gone = std::move(gone)]() mutable {
    self->gone_ = std::move(gone);
    self->Open();
  });
}

void Job::Open() {
  const absl::Status admitted = Admit();
  std::vector<std::function<void(absl::Status)>> waiting;
  {
    absl::MutexLock lock(&mutex_);
    admitted_ = admitted;
    waiting.swap(waiting_);
    if (admitted.ok() && state_ == State::kOpening) state_ = State::kStarting;
  }
  if (!admitted.ok()) {
    // Gone before the response: who tries again at once is not told that it is there already.
    ReleaseOnce(/*orderly=*/false);
    Forget();
  }
  for (const auto& decided : waiting) decided(admitted);
  if (!admitted.ok()) return;
  CheckLease();
  if (!unwanted()) Launch();
}

void Job::OnAdmitted(std::function<void(absl::Status)> decided) {
  absl::Status admitted;
  {
    absl::MutexLock lock(&mutex_);
    if (!admitted_.has_value()) {
      waiting_.push_back(std::move(decided));
      return;
    }
    admitted = *admitted_;
  }
  decided(admitted);
}

absl::Status Job::Start(int64_t start_ns) {
  {
    absl::MutexLock lock(&mutex_);
    if (started_) return absl::OkStatus();
    // A failure is told by its event; the command may have crossed it on the way.
    if (state_ == State::kFailed || state_ == State::kClosed) return absl::OkStatus();
    if (state_ != State::kReady) {
      return absl::FailedPreconditionError(
          absl::StrCat("the ", title_, " cannot start: it is not ready yet"));
    }
    started_ = true;
    state_ = State::kRunning;
  }
  Do([this, start_ns] {
    if (!over()) BeginWindow(start_ns);
  });
  return absl::OkStatus();
}

absl::Status Job::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (state_ == State::kFailed || state_ == State::kClosed) return absl::OkStatus();
    if (!started_) {
      return absl::FailedPreconditionError(
          absl::StrCat("the ", title_, " cannot stop: it was not started"));
    }
    if (state_ != State::kRunning) return absl::OkStatus();
  }
  Do([this] {
    if (!over()) EndWindow();
  });
  return absl::OkStatus();
}

uint32_t Job::RenewLease() {
  const int64_t now_ns = strand_->NowNanos();
  absl::MutexLock lock(&mutex_);
  if (lease_expired_ || closing_ || state_ == State::kClosed || now_ns >= lease_until_ns_) return 0;
  lease_until_ns_ = now_ns + lease_ns();
  return request_.lease_ms();
}

void Job::CheckLease() {
  const int64_t now_ns = strand_->NowNanos();
  int64_t until_ns = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (state_ == State::kClosed) return;
    until_ns = lease_until_ns_;
    if (now_ns >= until_ns) lease_expired_ = true;
  }
  if (now_ns < until_ns) {
    lease_timer_ = strand_->PostAt(until_ns, [self = shared_from_this()] { self->CheckLease(); });
    return;
  }
  Failure failure;
  failure.set_kind(Failure::LEASE_EXPIRED);
  failure.set_message(
      absl::StrCat("nobody renewed the lease of the ", title_, " for ", request_.lease_ms(),
                   " ms: the controller is gone or cannot reach this agent; the job "
                   "was stopped"));
  ReportFailure(std::move(failure));
  // What it recorded may still be read for as long again.
  lease_timer_ = strand_->PostAt(now_ns + lease_ns(), [self = shared_from_this()] {
    self->lease_timer_ = 0;
    self->Forget();
  });
}

void Job::Close(std::function<void()> closed) {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  strand_->Post([self = shared_from_this(), closed = std::move(closed)] {
    self->ReleaseOnce(/*orderly=*/true);
    self->Forget();
    closed();
  });
}

void Job::Forget() {
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kClosed;
  }
  if (lease_timer_ != 0) strand_->Cancel(std::exchange(lease_timer_, 0));
  spool_.End();
  events_.End();
  if (gone_) std::exchange(gone_, nullptr)();
}

void Job::ReleaseOnce(bool orderly) {
  if (std::exchange(released_, true)) return;
  Release(orderly);
  spool_.End();
}

void Job::ReportReady(Ready ready) {
  if (!MoveTo(State::kReady, {State::kStarting})) return;
  ControlEvent event;
  *event.mutable_ready() = std::move(ready);
  Tell(std::move(event));
}

void Job::ReportStarted(Started started) {
  if (over()) return;
  ControlEvent event;
  *event.mutable_started() = std::move(started);
  Tell(std::move(event));
}

void Job::ReportFinished(ServerFinished finished) {
  if (!MoveTo(State::kFinished, {State::kRunning})) return;
  ControlEvent event;
  *event.mutable_server_finished() = std::move(finished);
  Tell(std::move(event));
}

void Job::ReportFinished(LoadFinished finished) {
  if (!MoveTo(State::kFinished, {State::kRunning})) return;
  ControlEvent event;
  *event.mutable_load_finished() = std::move(finished);
  Tell(std::move(event));
}

void Job::ReportFailure(Failure failure) {
  if (!MoveTo(State::kFailed, {State::kOpening, State::kStarting, State::kReady, State::kRunning,
                               State::kFinished})) {
    return;
  }
  ReleaseOnce(/*orderly=*/false);
  ControlEvent event;
  *event.mutable_failure() = std::move(failure);
  Tell(std::move(event));
}

void Job::Tell(ControlEvent event) {
  MakeTextValid(&event);
  event.set_monotonic_ns(strand_->NowNanos());
  events_.Append(std::move(event));
}

bool Job::MoveTo(State next, std::initializer_list<State> from) {
  absl::MutexLock lock(&mutex_);
  if (std::find(from.begin(), from.end(), state_) == from.end()) return false;
  state_ = next;
  return true;
}

bool Job::unwanted() const {
  absl::MutexLock lock(&mutex_);
  return closing_ || lease_expired_ || strand_->NowNanos() >= lease_until_ns_;
}

bool Job::over() const {
  absl::MutexLock lock(&mutex_);
  return state_ == State::kFailed || state_ == State::kClosed;
}

Strand::TimerId Job::At(int64_t monotonic_ns, std::function<void()> task) {
  // Weakly: a job that is gone is not kept for what it had planned.
  return strand_->PostAt(monotonic_ns, [weak = weak_from_this(), task = std::move(task)] {
    const std::shared_ptr<Job> self = weak.lock();
    if (self != nullptr && !self->released_) task();
  });
}

void Job::Do(std::function<void()> task) {
  strand_->Post([self = shared_from_this(), task = std::move(task)] {
    if (!self->released_) task();
  });
}

}  // namespace assay::agent
