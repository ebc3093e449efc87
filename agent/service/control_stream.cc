#include "agent/service/control_stream.h"

#include <utility>

#include "absl/status/statusor.h"
#include "agent/service/grpc_status.h"
#include "common/status_macros.h"

namespace assay::agent {

ControlStream::ControlStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds)
    : jobs_(std::move(jobs)), ticket_(bounds, [this] { End(StreamWasSilent()); }) {
  if (ticket_.too_many()) {
    End(TooManyStreams());
  } else {
    StartRead(&command_);
  }
}

void ControlStream::OnReadDone(bool ok) {
  // A peer that has finished writing may still read. OnCancel() reports a peer that is gone.
  if (!ok) return;
  const absl::Status obeyed = Obey(command_);
  if (!obeyed.ok()) return End(ToGrpc(obeyed));
  absl::MutexLock lock(&mutex_);
  if (command_.clock_question() != 0) questions_.push_back(command_.clock_question());
  Pump();
  if (finished_) return;
  if (questions_.size() < kMostQuestions) {
    StartRead(&command_);
  } else {
    reading_paused_ = true;
  }
}

absl::Status ControlStream::Obey(const ControlCommand& command) {
  if (job_ == nullptr && !command.has_attach()) {
    return absl::FailedPreconditionError("the first command of a control stream must be attach");
  }
  switch (command.command_case()) {
    case ControlCommand::kAttach:
      return Attach(command.attach());
    case ControlCommand::kStart:
      return job_->Start(command.start().start_ns());
    case ControlCommand::kStop:
      return job_->Stop();
    case ControlCommand::COMMAND_NOT_SET:
      break;
  }
  return absl::OkStatus();
}

absl::Status ControlStream::Attach(const ControlCommand::Attach& attach) {
  if (job_ != nullptr) {
    return absl::FailedPreconditionError("this control stream is attached already");
  }
  ASSAY_ASSIGN_OR_RETURN(job_, jobs_->Find(attach.job()));
  {
    absl::MutexLock lock(&mutex_);
    after_ = attach.after_event();
    attached_ = true;
  }
  ticket_.Stop();
  job_->events().slot().Take(this);
  return absl::OkStatus();
}

void ControlStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok && !end_.has_value())
    end_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream broke");
  Pump();
}

void ControlStream::OnCancel() { End(grpc::Status::CANCELLED); }

void ControlStream::OnDone() {
  if (job_ != nullptr) job_->events().slot().Leave(this);
  delete this;
}

void ControlStream::OnChange() {
  absl::MutexLock lock(&mutex_);
  Pump();
}

void ControlStream::OnReplaced() {
  End(grpc::Status(grpc::StatusCode::ABORTED, "a newer control stream of this job replaced it"));
}

void ControlStream::End(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!end_.has_value()) end_ = status;
  Pump();
}

void ControlStream::Pump() {
  if (writing_ || finished_) return;
  if (end_.has_value()) {
    finished_ = true;
    Finish(*end_);
    return;
  }
  if (!attached_) return;
  if (!questions_.empty()) {
    outgoing_.Clear();
    outgoing_.mutable_clock_reading()->set_question(questions_.front());
    outgoing_.set_monotonic_ns(job_->strand().NowNanos());
    questions_.pop_front();
    if (reading_paused_) {
      reading_paused_ = false;
      StartRead(&command_);
    }
  } else {
    // Checked in this order, because nothing is appended after the end.
    const bool ended = job_->events().ended();
    std::optional<ControlEvent> event = job_->events().Next(after_);
    if (!event.has_value()) {
      if (!ended) return;
      finished_ = true;
      Finish(grpc::Status::OK);
      return;
    }
    outgoing_ = *std::move(event);
    after_ = outgoing_.sequence();
  }
  writing_ = true;
  StartWrite(&outgoing_);
}

}  // namespace assay::agent
