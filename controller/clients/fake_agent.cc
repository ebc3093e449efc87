#include "controller/clients/fake_agent.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace assay::controller {
namespace {

// The fake agent does not track leases. Any length but 0 means that the job is alive.
constexpr uint32_t kGrantMs = 10'000;

}  // namespace

FakeAgent::FakeAgent() {
  description_.set_host("fake");
  description_.set_cpus("0-1");
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  // As a real agent does: accept the keepalive pings of the clients.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeAgent::~FakeAgent() { Vanish(); }

void FakeAgent::Vanish() {
  {
    absl::MutexLock lock(&mutex_);
    if (vanished_) return;
    vanished_ = true;
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void FakeAgent::AddEvent(ControlEvent event, std::string execution) {
  absl::MutexLock lock(&mutex_);
  event.set_monotonic_ns(MonotonicNanos());
  events_.push_back({std::move(event), std::move(execution)});
}

std::vector<ControlEvent> FakeAgent::EventsOf(const std::string& execution) const {
  std::vector<ControlEvent> events;
  for (const LoggedEvent& logged : events_) {
    if (!logged.execution.empty() && logged.execution != execution) continue;
    events.push_back(logged.event);
    // An event added with a number keeps it.
    if (logged.event.sequence() == 0) events.back().set_sequence(events.size());
  }
  return events;
}

void FakeAgent::AddRecord(DataRecord record) {
  absl::MutexLock lock(&mutex_);
  record.set_sequence(records_.size() + 1);
  records_.push_back(std::move(record));
}

void FakeAgent::AddNumberedEvent(ControlEvent event) {
  absl::MutexLock lock(&mutex_);
  events_.push_back({std::move(event), ""});
}

void FakeAgent::AddNumberedRecord(DataRecord record) {
  absl::MutexLock lock(&mutex_);
  records_.push_back(std::move(record));
}

void FakeAgent::BreakControlAfter(int events, int times) {
  absl::MutexLock lock(&mutex_);
  break_control_after_ = events;
  break_control_times_ = times;
}

void FakeAgent::BreakDataAfter(int records, int times) {
  absl::MutexLock lock(&mutex_);
  break_data_after_ = records;
  break_data_times_ = times;
}

void FakeAgent::GrantNoLease() {
  absl::MutexLock lock(&mutex_);
  grants_ = false;
}

void FakeAgent::SetDescription(AgentDescription description) {
  absl::MutexLock lock(&mutex_);
  description_ = std::move(description);
}

void FakeAgent::SetDescribeHook(std::function<void()> call) {
  absl::MutexLock lock(&mutex_);
  before_describing_ = std::move(call);
}

void FakeAgent::RefuseOpen(grpc::Status status) {
  absl::MutexLock lock(&mutex_);
  open_status_ = std::move(status);
}

void FakeAgent::RefuseClose(grpc::Status status) {
  absl::MutexLock lock(&mutex_);
  close_status_ = std::move(status);
}

int FakeAgent::opened() const {
  absl::MutexLock lock(&mutex_);
  return opened_;
}

int FakeAgent::closed() const {
  absl::MutexLock lock(&mutex_);
  return closed_;
}

int FakeAgent::renewals() const {
  absl::MutexLock lock(&mutex_);
  return renewals_;
}

std::vector<ControlCommand> FakeAgent::commands() const {
  absl::MutexLock lock(&mutex_);
  return commands_;
}

uint64_t FakeAgent::committed() const {
  absl::MutexLock lock(&mutex_);
  return committed_;
}

grpc::Status FakeAgent::Describe(grpc::ServerContext*, const DescribeRequest*,
                                 AgentDescription* reply) {
  std::function<void()> before;
  {
    absl::MutexLock lock(&mutex_);
    before = before_describing_;
  }
  if (before) before();
  absl::MutexLock lock(&mutex_);
  *reply = description_;
  return grpc::Status::OK;
}

grpc::Status FakeAgent::Ping(grpc::ServerContext*, const PingRequest*, PingReply* reply) {
  reply->set_monotonic_ns(MonotonicNanos());
  return grpc::Status::OK;
}

grpc::Status FakeAgent::Open(grpc::ServerContext*, const OpenRequest*, OpenReply*) {
  absl::MutexLock lock(&mutex_);
  ++opened_;
  return open_status_;
}

grpc::Status FakeAgent::Control(grpc::ServerContext* context,
                                grpc::ServerReaderWriter<ControlEvent, ControlCommand>* stream) {
  ControlCommand command;
  if (!stream->Read(&command)) return grpc::Status::OK;
  const std::string execution = command.attach().job().execution_id();
  size_t sent = command.attach().after_event();
  int break_after = -1;
  {
    absl::MutexLock lock(&mutex_);
    if (break_control_times_ > 0) {
      --break_control_times_;
      break_after = break_control_after_;
    }
  }
  absl::Mutex writing;
  std::atomic<bool> ended{false};
  std::thread reader([&] {
    ControlCommand next;
    while (stream->Read(&next)) {
      if (next.clock_question() != 0) {
        ControlEvent response;
        response.set_monotonic_ns(MonotonicNanos());
        response.mutable_clock_reading()->set_question(next.clock_question());
        absl::MutexLock lock(&writing);
        stream->Write(response);
        continue;
      }
      absl::MutexLock lock(&mutex_);
      commands_.push_back(next);
    }
    ended = true;
  });
  while (!ended && !context->IsCancelled() && break_after != 0) {
    std::vector<ControlEvent> fresh;
    {
      absl::MutexLock lock(&mutex_);
      const auto changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return EventsOf(execution).size() > sent || vanished_;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&changed), absl::Milliseconds(10));
      if (vanished_) break;
      fresh = EventsOf(execution);
      fresh.erase(fresh.begin(),
                  fresh.begin() + static_cast<ptrdiff_t>(std::min(sent, fresh.size())));
    }
    for (const ControlEvent& event : fresh) {
      absl::MutexLock lock(&writing);
      stream->Write(event);
      ++sent;
      if (break_after > 0 && --break_after == 0) break;
    }
  }
  context->TryCancel();
  reader.join();
  return {grpc::StatusCode::UNAVAILABLE, "the stream broke"};
}

grpc::Status FakeAgent::HoldLease(grpc::ServerContext*,
                                  grpc::ServerReaderWriter<LeaseGrant, LeaseRenewal>* stream) {
  LeaseRenewal renewal;
  while (stream->Read(&renewal)) {
    {
      absl::MutexLock lock(&mutex_);
      ++renewals_;
      if (!grants_) continue;
    }
    LeaseGrant grant;
    grant.set_lease_ms(kGrantMs);
    *grant.mutable_job() = renewal.job();
    stream->Write(grant);
  }
  return grpc::Status::OK;
}

grpc::Status FakeAgent::ReadData(grpc::ServerContext*,
                                 grpc::ServerReaderWriter<DataRecord, DataRequest>* stream) {
  DataRequest request;
  if (!stream->Read(&request)) return grpc::Status::OK;
  std::vector<DataRecord> records;
  {
    absl::MutexLock lock(&mutex_);
    records.assign(records_.begin() + static_cast<ptrdiff_t>(request.from_sequence()) - 1,
                   records_.end());
    if (break_data_times_ > 0) {
      --break_data_times_;
      records.resize(std::min<size_t>(records.size(), static_cast<size_t>(break_data_after_)));
    }
  }
  for (const DataRecord& record : records) stream->Write(record);
  if (records.empty() || !records.back().end()) {
    return {grpc::StatusCode::UNAVAILABLE, "the stream broke"};
  }
  while (stream->Read(&request)) {
    absl::MutexLock lock(&mutex_);
    committed_ = std::max(committed_, request.committed());
  }
  return grpc::Status::OK;
}

grpc::Status FakeAgent::Close(grpc::ServerContext*, const CloseRequest*, CloseReply*) {
  absl::MutexLock lock(&mutex_);
  ++closed_;
  return close_status_;
}

}  // namespace assay::controller
