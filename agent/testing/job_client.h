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

// A simple agent client for tests: one call at a time, each with a deadline of five minutes.

// A server job of `target` on the first CPU that verifies /plaintext, with leases of one minute.
OpenRequest ServerRequest(const std::string& execution, const std::string& target);
// A load job against `destination`: 4 connections, /plaintext, 0.1 s of warm-up, 0.3 s of measurement, raw samples.
OpenRequest LoadRequest(const std::string& execution, const std::string& destination);
// Makes a load job send this many requests, instead of those that fit into a time, and wait a minute for each response.
// The result then does not depend on how busy the machine is.
void SendExactly(uint64_t requests, OpenRequest& load);

std::unique_ptr<grpc::ClientContext> NewContext();
grpc::Status OpenJob(Agent::Stub& stub, const OpenRequest& request);
grpc::Status CloseJob(Agent::Stub& stub, const JobId& job);
// Renews the lease once and returns the granted time in ms.
uint32_t RenewLease(Agent::Stub& stub, const JobId& job);
int64_t AgentClock(Agent::Stub& stub);

// An attached control stream.
class ControlClient {
 public:
  ControlClient(Agent::Stub& stub, const JobId& job, uint64_t after_event = 0);
  // Cancels the stream if it is still open.
  ~ControlClient();

  void Start(int64_t start_ns);
  void Stop();
  void Ask(uint64_t question);
  void Send(const ControlCommand& command) { stream_->Write(command); }

  // The next event; an event without a kind at the end of the stream.
  ControlEvent Next();
  // Skips to the next event of that kind, or to a Failure. Skips clock readings.
  ControlEvent WaitFor(ControlEvent::EventCase kind);
  // The status of the stream. Call it after Next() has returned an event without a kind.
  grpc::Status Finish() { return stream_->Finish(); }
  void Cancel() { context_->TryCancel(); }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<ControlCommand, ControlEvent>> stream_;
};

// Reads records starting at `from` until the end mark, at most `most` of them, and acknowledges each as received.
// `status` is the status of the stream, CANCELLED if it was left early.
struct DataRead {
  std::vector<DataRecord> records;
  grpc::Status status;
};
DataRead ReadRecords(Agent::Stub& stub, const JobId& job, uint64_t from = 1,
                     uint64_t most = UINT64_MAX, uint64_t commit = 0);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TESTING_JOB_CLIENT_H_
