#include "agent/testing/job_client.h"

#include <chrono>

#include "common/cpu_set.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

OpenRequest Request(const std::string& execution, JobId::Role role) {
  OpenRequest request;
  request.mutable_job()->set_execution_id(execution);
  request.mutable_job()->set_role(role);
  // Longer than a test takes on a busy machine, so that no job ends by itself.
  request.set_lease_ms(600'000);
  request.set_campaign_id("test");
  return request;
}

void SetWindow(Window& window) {
  window.set_warmup_ns(100'000'000);
  window.set_duration_ns(300'000'000);
}

}  // namespace

OpenRequest ServerRequest(const std::string& execution, const std::string& target) {
  OpenRequest request = Request(execution, JobId::SERVER);
  ServerSpec& server = *request.mutable_server();
  server.set_target(target);
  server.mutable_verify()->set_path("/plaintext");
  server.set_cpus(std::to_string(CpuSet::AllowedForThisProcess()->cpus().front()));
  SetWindow(*server.mutable_window());
  return request;
}

OpenRequest LoadRequest(const std::string& execution, const std::string& destination) {
  OpenRequest request = Request(execution, JobId::LOAD);
  LoadSpec& load = *request.mutable_load();
  load.set_destination(destination);
  load.mutable_workload()->set_path("/plaintext");
  load.mutable_closed()->set_connections(4);
  load.set_cpus(std::to_string(CpuSet::AllowedForThisProcess()->cpus().back()));
  load.set_timeout_ns(5'000'000'000);
  load.set_raw_samples(true);
  SetWindow(*load.mutable_window());
  return request;
}

void SendExactly(uint64_t requests, OpenRequest& load) {
  load.mutable_load()->mutable_window()->clear_duration_ns();
  load.mutable_load()->mutable_window()->set_requests(requests);
  load.mutable_load()->set_timeout_ns(60'000'000'000);
}

std::unique_ptr<grpc::ClientContext> NewContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(15));
  return context;
}

grpc::Status OpenJob(Agent::Stub& stub, const OpenRequest& request) {
  OpenReply reply;
  return stub.Open(NewContext().get(), request, &reply);
}

grpc::Status CloseJob(Agent::Stub& stub, const JobId& job) {
  CloseRequest request;
  *request.mutable_job() = job;
  CloseReply reply;
  return stub.Close(NewContext().get(), request, &reply);
}

uint32_t RenewLease(Agent::Stub& stub, const JobId& job) {
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  const auto stream = stub.HoldLease(context.get());
  LeaseRenewal renewal;
  *renewal.mutable_job() = job;
  LeaseGrant grant;
  EXPECT_TRUE(stream->Write(renewal) && stream->Read(&grant));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  return grant.lease_ms();
}

int64_t AgentClock(Agent::Stub& stub) {
  PingReply reply;
  EXPECT_TRUE(stub.Ping(NewContext().get(), PingRequest(), &reply).ok());
  return reply.monotonic_ns();
}

ControlClient::ControlClient(Agent::Stub& stub, const JobId& job, uint64_t after_event)
    : context_(NewContext()), stream_(stub.Control(context_.get())) {
  ControlCommand attach;
  *attach.mutable_attach()->mutable_job() = job;
  attach.mutable_attach()->set_after_event(after_event);
  stream_->Write(attach);
}

ControlClient::~ControlClient() { context_->TryCancel(); }

void ControlClient::Start(int64_t start_ns) {
  ControlCommand command;
  command.mutable_start()->set_start_ns(start_ns);
  stream_->Write(command);
}

void ControlClient::Stop() {
  ControlCommand command;
  command.mutable_stop();
  stream_->Write(command);
}

void ControlClient::Ask(uint64_t question) {
  ControlCommand command;
  command.set_clock_question(question);
  stream_->Write(command);
}

ControlEvent ControlClient::Next() {
  ControlEvent event;
  if (!stream_->Read(&event)) event.Clear();
  return event;
}

ControlEvent ControlClient::WaitFor(ControlEvent::EventCase kind) {
  while (true) {
    const ControlEvent event = Next();
    const ControlEvent::EventCase got = event.event_case();
    if (got == kind || got == ControlEvent::kFailure || got == ControlEvent::EVENT_NOT_SET) {
      return event;
    }
  }
}

DataRead ReadRecords(Agent::Stub& stub, const JobId& job, uint64_t from, uint64_t most,
                     uint64_t commit) {
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  const auto stream = stub.ReadData(context.get());
  DataRequest request;
  *request.mutable_job() = job;
  request.set_from_sequence(from);
  request.set_committed(commit);
  stream->Write(request);
  DataRead read;
  DataRecord record;
  while (read.records.size() < most && stream->Read(&record)) {
    DataRequest received;
    received.set_received(record.sequence());
    read.records.push_back(record);
    if (!record.end()) stream->Write(received);
  }
  if (read.records.size() >= most) context->TryCancel();
  read.status = stream->Finish();
  return read;
}

}  // namespace assay::agent
