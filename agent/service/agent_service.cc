#include "agent/service/agent_service.h"

#include <utility>

#include "absl/status/status.h"
#include "agent/jobs/request_check.h"
#include "agent/service/control_stream.h"
#include "agent/service/data_stream.h"
#include "agent/service/grpc_status.h"
#include "agent/service/lease_stream.h"
#include "common/monotonic_clock.h"

namespace assay::agent {

AgentService::AgentService(std::shared_ptr<JobTable> jobs,
                           std::function<AgentDescription()> describe, Strand& errands,
                           Limits limits)
    : jobs_(std::move(jobs)),
      describe_(std::move(describe)),
      errands_(errands),
      connections_(limits.connections),
      streams_(errands, limits.streams) {}

grpc::ServerUnaryReactor* AgentService::Describe(grpc::CallbackServerContext* context,
                                                 const DescribeRequest*, AgentDescription* reply) {
  connections_.MarkUsed(context->peer());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  errands_.Post([this, reply, reactor] {
    *reply = describe_();
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* AgentService::Ping(grpc::CallbackServerContext* context,
                                             const PingRequest*, PingReply* reply) {
  reply->set_monotonic_ns(Clock::Real().NowNanos());
  connections_.MarkUsed(context->peer());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* AgentService::Open(grpc::CallbackServerContext* context,
                                             const OpenRequest* request, OpenReply*) {
  connections_.MarkUsed(context->peer());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::Status sound = CheckOpenRequest(*request);
  if (!sound.ok()) {
    reactor->Finish(ToGrpc(sound));
  } else {
    jobs_->Open(*request,
                [reactor](const absl::Status& decided) { reactor->Finish(ToGrpc(decided)); });
  }
  return reactor;
}

grpc::ServerBidiReactor<ControlCommand, ControlEvent>* AgentService::Control(
    grpc::CallbackServerContext* context) {
  connections_.MarkUsed(context->peer());
  return new ControlStream(jobs_, streams_);
}

grpc::ServerBidiReactor<LeaseRenewal, LeaseGrant>* AgentService::HoldLease(
    grpc::CallbackServerContext* context) {
  connections_.MarkUsed(context->peer());
  return new LeaseStream(jobs_, streams_);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AgentService::ReadData(
    grpc::CallbackServerContext* context) {
  connections_.MarkUsed(context->peer());
  return new DataStream(jobs_, streams_);
}

grpc::ServerUnaryReactor* AgentService::Close(grpc::CallbackServerContext* context,
                                              const CloseRequest* request, CloseReply*) {
  connections_.MarkUsed(context->peer());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  jobs_->Close(request->job(), [reactor] { reactor->Finish(grpc::Status::OK); });
  return reactor;
}

grpc::ServerUnaryReactor* AgentService::ConfirmDestination(grpc::CallbackServerContext* context,
                                                           const ConfirmDestinationRequest* request,
                                                           ConfirmDestinationReply* reply) {
  reply->set_confirmed(jobs_->Serves(request->execution_id(), request->destination()));
  connections_.MarkUsed(context->peer());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace assay::agent
