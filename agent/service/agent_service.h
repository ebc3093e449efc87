#ifndef ASSAY_AGENT_SERVICE_AGENT_SERVICE_H_
#define ASSAY_AGENT_SERVICE_AGENT_SERVICE_H_

#include <functional>
#include <memory>

#include "agent/jobs/job_table.h"
#include "agent/jobs/strand.h"
#include "agent/service/connections.h"
#include "agent/service/stream_bounds.h"
#include "grpcpp/support/byte_buffer.h"
#include "proto/agent.grpc.pb.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// The methods of proto/agent.proto. ReadData takes and gives messages as bytes, because a spool keeps them serialised.
using AgentMethods = Agent::WithCallbackMethod_Describe<
    Agent::WithCallbackMethod_Ping<Agent::WithCallbackMethod_Open<
        Agent::WithCallbackMethod_Control<Agent::WithCallbackMethod_HoldLease<
            Agent::WithRawCallbackMethod_ReadData<Agent::WithCallbackMethod_Close<
                Agent::WithCallbackMethod_ConfirmDestination<Agent::Service>>>>>>>>;

// Implements the service of proto/agent.proto over a table of jobs: translates messages to calls and back.
//
// Threads: gRPC's. It does not block them: slow work runs on a job's strand, or on `errands`.
class AgentService final : public AgentMethods {
 public:
  // Bounds on the resources that silent and unknown peers may use.
  struct Limits {
    Connections::Limits connections;
    StreamBounds::Limits streams;
  };

  // `describe` may be slow, because it runs version commands. `errands` must outlive this.
  AgentService(std::shared_ptr<JobTable> jobs, std::function<AgentDescription()> describe,
               Strand& errands, Limits limits);

  // The connections that the server has accepted. Each call marks its connection as used.
  Connections& connections() { return connections_; }

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const DescribeRequest* request,
                                     AgentDescription* reply) override;
  grpc::ServerUnaryReactor* Ping(grpc::CallbackServerContext* context, const PingRequest* request,
                                 PingReply* reply) override;
  grpc::ServerUnaryReactor* Open(grpc::CallbackServerContext* context, const OpenRequest* request,
                                 OpenReply* reply) override;
  grpc::ServerBidiReactor<ControlCommand, ControlEvent>* Control(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<LeaseRenewal, LeaseGrant>* HoldLease(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ReadData(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Close(grpc::CallbackServerContext* context, const CloseRequest* request,
                                  CloseReply* reply) override;
  grpc::ServerUnaryReactor* ConfirmDestination(grpc::CallbackServerContext* context,
                                               const ConfirmDestinationRequest* request,
                                               ConfirmDestinationReply* reply) override;

 private:
  const std::shared_ptr<JobTable> jobs_;
  const std::function<AgentDescription()> describe_;
  Strand& errands_;
  Connections connections_;
  StreamBounds streams_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_AGENT_SERVICE_H_
