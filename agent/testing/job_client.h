#ifndef ASSAY_AGENT_TESTING_JOB_CLIENT_H_
#define ASSAY_AGENT_TESTING_JOB_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"
#include "proto/agent.grpc.pb.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// How tests speak to an agent: plainly, one call at a time, each with a deadline of five minutes.

// A server job of `target` on the first CPU that verifies /plaintext; leases last a minute.
OpenRequest ServerRequest(const std::string& execution, const std::string& target);
// A load job against `destination`: 4 connections, /plaintext, 0.3 s after 0.1 s of warm-up, raw samples.
OpenRequest LoadRequest(const std::string& execution, const std::string& destination);

std::unique_ptr<grpc::ClientContext> NewContext();
grpc::Status OpenJob(Agent::Stub& stub, const OpenRequest& request);
grpc::Status CloseJob(Agent::Stub& stub, const JobId& job);
// One renewal; what was granted.
uint32_t RenewLease(Agent::Stub& stub, const JobId& job);
int64_t AgentClock(Agent::Stub& stub);

// A control stream, attached.
class ControlClient {
 public:
  ControlClient(Agent::Stub& stub, const JobId& job, uint64_t after_event = 0);
  // Cancels what is still open.
  ~ControlClient();

  void Start(int64_t start_ns);
  void Stop();
  void Ask(uint64_t question);
  void Send(const ControlCommand& command) { stream_->Write(command); }

  // The next event; without a kind when the stream has ended.
  ControlEvent Next();
  // Skips to an event of that kind, or a Failure; a clock reading never counts.
  ControlEvent WaitFor(ControlEvent::EventCase kind);
  // How the stream ended; to be called when Next() has said so.
  grpc::Status Finish() { return stream_->Finish(); }
  void Cancel() { context_->TryCancel(); }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<ControlCommand, ControlEvent>> stream_;
};

// Reads records from `from` until the end mark, or `most` of them, acknowledging each as received. `status` is how the
// stream ended, CANCELLED when it was left early.
struct DataRead {
  std::vector<DataRecord> records;
  grpc::Status status;
};
DataRead ReadRecords(Agent::Stub& stub, const JobId& job, uint64_t from = 1,
                     uint64_t most = UINT64_MAX, uint64_t commit = 0);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TESTING_JOB_CLIENT_H_
