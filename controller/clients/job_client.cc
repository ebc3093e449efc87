#include "controller/clients/job_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"
#include "controller/clients/agent_connection.h"

namespace assay::controller {
namespace {

constexpr char kFailurePayload[] = "assay.Failure";
constexpr absl::Duration kUnaryTimeout = absl::Seconds(10);
// The Close timeout of a lost agent, which may be back.
constexpr absl::Duration kLostTimeout = absl::Seconds(2);
constexpr absl::Duration kAttachPause = absl::Milliseconds(100);
// Acknowledge every this many records. An agent sends at most 64 records beyond the last
// acknowledged one.
constexpr uint64_t kAcknowledgeEvery = 16;
// A job sends about five events of about a hundred kilobytes in total. The limits keep a faulty agent from filling the
// controller's memory.
constexpr size_t kMaxEvents = 64;
constexpr size_t kMaxEventBytes = size_t{16} << 20;

// Whether to attach a stream again that ended with `status`. An agent that shuts down cancels its streams.
bool MayComeBack(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::UNKNOWN:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Status StatusOfFailure(const Failure& failure, std::string_view where) {
  absl::StatusCode code = absl::StatusCode::kAborted;
  if (failure.kind() == Failure::INTERNAL) code = absl::StatusCode::kInternal;
  absl::Status status(code, absl::StrCat(std::string(where), ": ", failure.message()));
  status.SetPayload(kFailurePayload, absl::Cord(failure.SerializeAsString()));
  return status;
}

std::optional<Failure> FailureOfStatus(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kFailurePayload);
  Failure failure;
  if (!payload.has_value() || !failure.ParseFromString(std::string(*payload))) return std::nullopt;
  return failure;
}

absl::StatusOr<std::unique_ptr<JobClient>> JobClient::Open(AgentClient& client,
                                                           OpenRequest request) {
  grpc::ClientContext context;
  SetTimeout(context, kUnaryTimeout);
  OpenReply reply;
  const grpc::Status status = client.connection().stub->Open(&context, request, &reply);
  if (!status.ok()) {
    return client.Explain(
        status, request.has_server() ? "cannot open its server job" : "cannot open its load job");
  }
  std::unique_ptr<JobClient> job(new JobClient(client, std::move(request)));
  job->control_thread_ = std::thread([job = job.get()] { job->RunControl(); });
  job->lease_hold_.emplace(client, job->request_.job(), job->lease_, [job = job.get()] {
    job->Lose(absl::UnavailableError(absl::StrCat(
        "agent ", job->client_.address(), ": lost: it granted no lease for ",
        absl::FormatDuration(job->lease_),
        ". Check whether the agent hangs, and whether its host and network are up; the expired "
        "lease ends everything that it runs")));
  });
  return job;
}

JobClient::JobClient(AgentClient& client, OpenRequest request)
    : client_(client),
      clock_(client.clock()),
      request_(std::move(request)),
      lease_(absl::Milliseconds(request_.lease_ms())) {}

JobClient::~JobClient() {
  if (!closing()) Close(kUnaryTimeout).IgnoreError();  // If it fails, the lease ends the job.
  {
    absl::MutexLock lock(&mutex_);
    if (control_context_ != nullptr) control_context_->TryCancel();
  }
  lease_hold_.reset();
  if (control_thread_.joinable()) control_thread_.join();
}

void JobClient::RunControl() {
  int64_t give_up_ns = clock_.After(lease_);
  while (!closing()) {
    const int64_t lived_ns = clock_.After(absl::Seconds(1));
    const grpc::Status status = RunControlStream();
    if (closing()) return;
    if (!MayComeBack(status)) return Fail(client_.Explain(status, "its control stream ended"));
    // A stream that lasted a second resets the timeout; one that was never established does not.
    if (clock_.NowNanos() > lived_ns) give_up_ns = clock_.After(lease_);
    if (clock_.NowNanos() > give_up_ns)
      return Lose(client_.Explain(status, "lost, and cannot be reached again"));
    absl::MutexLock lock(&mutex_);
    const auto closed = [this] { return closing(); };
    clock_.AwaitFor(mutex_, absl::Condition(&closed), kAttachPause);
  }
}

grpc::Status JobClient::RunControlStream() {
  grpc::ClientContext context;
  std::unique_ptr<ControlStream> stream = client_.connection().stub->Control(&context);
  {
    absl::MutexLock lock(&mutex_);
    if (closing()) return grpc::Status::CANCELLED;
    control_context_ = &context;
    ControlCommand attach;
    *attach.mutable_attach()->mutable_job() = request_.job();
    attach.mutable_attach()->set_after_event(last_event_);
    stream->Write(attach);
    for (const ControlCommand& command : sent_commands_) stream->Write(command);
    stream_ = stream.get();
  }
  ControlEvent event;
  while (stream->Read(&event)) Take(event);
  {
    absl::MutexLock lock(&mutex_);
    stream_ = nullptr;
  }
  const grpc::Status status = stream->Finish();
  absl::MutexLock lock(&mutex_);
  control_context_ = nullptr;
  return status;
}

void JobClient::Take(const ControlEvent& event) {
  const int64_t here_ns = clock_.NowNanos();
  if (event.has_failure()) {
    Fail(StatusOfFailure(event.failure(), absl::StrCat("agent ", client_.address())));
  }
  if (const absl::Status kept = Keep(event, here_ns); !kept.ok()) Lose(kept);
}

absl::Status JobClient::Keep(const ControlEvent& event, int64_t here_ns) {
  absl::MutexLock lock(&mutex_);
  if (event.has_clock_reading()) {
    if (event.clock_reading().question() != clock_question_) return absl::OkStatus();
    clock_response_ = ClockReading{event.monotonic_ns(), here_ns, 0};
    return absl::OkStatus();
  }
  if (event.sequence() <= last_event_) return absl::OkStatus();
  if (event.sequence() != last_event_ + 1) {
    return absl::DataLossError(
        absl::StrCat("agent ", client_.address(), ": event ", last_event_ + 1,
                     " of its job is missing: it sent event ", event.sequence(),
                     " instead; use an agent of the controller's version"));
  }
  event_bytes_ += event.ByteSizeLong();
  if (events_.size() == kMaxEvents || event_bytes_ > kMaxEventBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "agent ", client_.address(), ": sent more than ", kMaxEvents, " events, or ",
        kMaxEventBytes, " bytes of events, in one job; use an agent of the controller's version"));
  }
  last_event_ = event.sequence();
  events_.push_back(event);
  return absl::OkStatus();
}

void JobClient::Send(const ControlCommand& command) {
  absl::MutexLock lock(&mutex_);
  if (command.clock_question() == 0) sent_commands_.push_back(command);
  if (stream_ != nullptr) stream_->Write(command);
}

void JobClient::Fail(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return;
  failure_ = status;
  if (on_failure_) on_failure_(status);
}

void JobClient::Lose(const absl::Status& why) {
  {
    absl::MutexLock lock(&mutex_);
    lost_ = true;
  }
  Fail(why);
  Abandon(why);
}

void JobClient::WhenFailed(std::function<void(const absl::Status&)> on_failure) {
  absl::MutexLock lock(&mutex_);
  on_failure_ = std::move(on_failure);
  if (on_failure_ && !failure_.ok()) on_failure_(failure_);
}

absl::Status JobClient::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

absl::Status JobClient::AwaitFailure(int64_t deadline_ns) const {
  absl::MutexLock lock(&mutex_);
  const auto settled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !failure_.ok() || !abandoned_.ok() || closing();
  };
  clock_.AwaitUntil(mutex_, absl::Condition(&settled), deadline_ns);
  return failure_;
}

absl::StatusOr<ControlEvent> JobClient::WaitFor(ControlEvent::EventCase kind, std::string_view what,
                                                int64_t deadline_ns) {
  absl::MutexLock lock(&mutex_);
  const ControlEvent* found = nullptr;
  const auto known = [this, kind, &found]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const ControlEvent& event : events_) {
      if (event.event_case() == kind) found = &event;
    }
    return found != nullptr || !failure_.ok() || !abandoned_.ok();
  };
  clock_.AwaitUntil(mutex_, absl::Condition(&known), deadline_ns);
  if (found != nullptr) return *found;
  if (!failure_.ok()) return failure_;
  if (!abandoned_.ok()) return abandoned_;
  return absl::DeadlineExceededError(
      absl::StrCat("agent ", client_.address(), ": did not report '", std::string(what),
                   "' in time; check whether the agent hangs or its host is overloaded"));
}

absl::StatusOr<Ready> JobClient::WaitReady(int64_t deadline_ns) {
  absl::StatusOr<ControlEvent> event = WaitFor(ControlEvent::kReady, "ready", deadline_ns);
  if (!event.ok()) return event.status();
  return std::move(*event->mutable_ready());
}

absl::StatusOr<Started> JobClient::WaitStarted(int64_t deadline_ns) {
  absl::StatusOr<ControlEvent> event = WaitFor(ControlEvent::kStarted, "started", deadline_ns);
  if (!event.ok()) return event.status();
  return event->started();
}

absl::StatusOr<ServerFinished> JobClient::WaitServerFinished(int64_t deadline_ns) {
  absl::StatusOr<ControlEvent> event =
      WaitFor(ControlEvent::kServerFinished, "server finished", deadline_ns);
  if (!event.ok()) return event.status();
  return std::move(*event->mutable_server_finished());
}

absl::StatusOr<LoadFinished> JobClient::WaitLoadFinished(int64_t deadline_ns) {
  absl::StatusOr<ControlEvent> event =
      WaitFor(ControlEvent::kLoadFinished, "load finished", deadline_ns);
  if (!event.ok()) return event.status();
  return std::move(*event->mutable_load_finished());
}

absl::StatusOr<ClockReading> JobClient::ReadClock(int rounds, int64_t deadline_ns) {
  std::optional<ClockReading> best;
  for (int round = 0; round < rounds; ++round) {
    ControlCommand question;
    int64_t sent_ns = 0;
    {
      absl::MutexLock lock(&mutex_);
      question.set_clock_question(++clock_question_);
      clock_response_.reset();
    }
    sent_ns = clock_.NowNanos();
    Send(question);
    absl::MutexLock lock(&mutex_);
    const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return clock_response_.has_value() || !failure_.ok() || !abandoned_.ok();
    };
    // A question that a broken stream lost is asked again; the deadline limits all rounds together.
    clock_.AwaitUntil(mutex_, absl::Condition(&done),
                      std::min(deadline_ns, clock_.After(absl::Seconds(2))));
    if (!failure_.ok()) return failure_;
    if (!abandoned_.ok()) return abandoned_;
    if (!clock_response_.has_value()) continue;
    ClockReading reading = *clock_response_;
    reading.round_trip_ns = reading.here_ns - sent_ns;
    reading.here_ns = sent_ns + reading.round_trip_ns / 2;
    if (!best.has_value() || reading.round_trip_ns < best->round_trip_ns) best = reading;
  }
  if (!best.has_value()) {
    return absl::DeadlineExceededError(absl::StrCat(
        "agent ", client_.address(), ": did not report its clock in time; check whether it hangs"));
  }
  return *best;
}

void JobClient::Start(int64_t start_ns) {
  ControlCommand command;
  command.mutable_start()->set_start_ns(start_ns);
  Send(command);
}

void JobClient::Stop() {
  ControlCommand command;
  command.mutable_stop();
  Send(command);
}

absl::Status JobClient::ReadData(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                                 int64_t deadline_ns) {
  return ReadRecords(consume, nullptr, deadline_ns);
}

absl::Status JobClient::ReadData(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                                 absl::FunctionRef<absl::Status()> secure, int64_t deadline_ns) {
  return ReadRecords(consume, &secure, deadline_ns);
}

absl::Status JobClient::ReadRecords(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                                    const absl::FunctionRef<absl::Status()>* secure,
                                    int64_t deadline_ns) {
  uint64_t taken = 0;
  while (clock_.NowNanos() < deadline_ns) {
    grpc::ClientContext context;
    SetTimeout(context, absl::Nanoseconds(deadline_ns - clock_.NowNanos()));
    {
      absl::MutexLock lock(&mutex_);
      if (!abandoned_.ok()) return abandoned_;
      data_context_ = &context;
    }
    const std::unique_ptr<DataStream> stream = client_.connection().stub->ReadData(&context);
    const absl::StatusOr<bool> ended = ReadDataStream(consume, secure, *stream, taken);
    stream->WritesDone();
    if (!ended.ok() || *ended) context.TryCancel();
    const grpc::Status status = stream->Finish();
    {
      absl::MutexLock lock(&mutex_);
      data_context_ = nullptr;
    }
    if (!ended.ok()) return ended.status();
    if (*ended) return absl::OkStatus();
    if (!MayComeBack(status)) return client_.Explain(status, "cannot read its data");
    absl::MutexLock lock(&mutex_);
    const auto abandoned = [this]()
                               ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !abandoned_.ok(); };
    clock_.AwaitFor(mutex_, absl::Condition(&abandoned), kAttachPause);
  }
  return absl::DeadlineExceededError(absl::StrCat(
      "agent ", client_.address(), ": did not send all of its data in time; check its network"));
}

absl::StatusOr<bool> JobClient::ReadDataStream(
    absl::FunctionRef<absl::Status(const DataRecord&)> consume,
    const absl::FunctionRef<absl::Status()>* secure, DataStream& stream, uint64_t& taken) {
  DataRequest request;
  *request.mutable_job() = request_.job();
  request.set_from_sequence(taken + 1);
  request.set_received(taken);
  if (!stream.Write(request)) return false;
  DataRecord record;
  while (stream.Read(&record)) {
    if (record.sequence() <= taken) continue;
    if (record.sequence() != taken + 1) {
      return absl::DataLossError(
          absl::StrCat("agent ", client_.address(), ": record ", taken + 1,
                       " of its data is missing: it sent record ", record.sequence(),
                       " instead; use an agent of the controller's version"));
    }
    taken = record.sequence();
    if (!record.end()) ASSAY_RETURN_IF_ERROR(consume(record));
    if (!record.end() && taken % kAcknowledgeEvery != 0) continue;
    DataRequest acknowledge;
    acknowledge.set_received(taken);
    if (secure != nullptr) {
      ASSAY_RETURN_IF_ERROR((*secure)());
      acknowledge.set_committed(taken);
    }
    stream.Write(acknowledge);
    if (record.end()) return true;
  }
  return false;
}

absl::Status JobClient::Close(absl::Duration timeout) {
  {
    absl::MutexLock lock(&mutex_);  // Wakes AwaitFailure().
    closing_.store(true, std::memory_order_release);
    if (lost_) timeout = std::min(timeout, kLostTimeout);
  }
  if (lease_hold_.has_value()) lease_hold_->End();
  grpc::ClientContext context;
  SetTimeout(context, timeout);
  CloseRequest request;
  *request.mutable_job() = request_.job();
  CloseReply reply;
  const grpc::Status status = client_.connection().stub->Close(&context, request, &reply);
  absl::MutexLock lock(&mutex_);
  if (control_context_ != nullptr) control_context_->TryCancel();
  return client_.Explain(status, "cannot close its job");
}

void JobClient::Abandon(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  if (abandoned_.ok()) abandoned_ = why;
  if (data_context_ != nullptr) data_context_->TryCancel();
}

}  // namespace assay::controller
