#ifndef ASSAY_CONTROLLER_CLIENTS_FAKE_AGENT_H_
#define ASSAY_CONTROLLER_CLIENTS_FAKE_AGENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "grpcpp/server.h"
#include "proto/agent.grpc.pb.h"

namespace assay::controller {

// An agent for tests of its clients, over real gRPC on the loopback interface. It sends prepared events and records, and
// breaks its streams on request. It follows the protocol (numbering, replay from the client's position), but measures
// nothing and starts nothing.
class FakeAgent : public Agent::Service {
 public:
  FakeAgent();
  ~FakeAgent() override;

  const std::string& address() const { return address_; }
  // Shuts down at once, as if killed.
  void Vanish();

  // Adds an event to the log of every job, or of the jobs of one execution. Attached streams send it.
  void AddEvent(ControlEvent event, std::string execution = "") ABSL_LOCKS_EXCLUDED(mutex_);
  // Adds a data record. The last record must have `end` set.
  void AddRecord(DataRecord record) ABSL_LOCKS_EXCLUDED(mutex_);
  // The same, but keeps the numbers of the event or record, so that a test can break the protocol.
  void AddNumberedEvent(ControlEvent event) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddNumberedRecord(DataRecord record) ABSL_LOCKS_EXCLUDED(mutex_);
  // The first `times` streams of this kind end with UNAVAILABLE after this number of messages.
  void BreakControlAfter(int events, int times) ABSL_LOCKS_EXCLUDED(mutex_);
  void BreakDataAfter(int records, int times) ABSL_LOCKS_EXCLUDED(mutex_);
  // Grants no lease from now on but keeps its streams open, as an agent that hangs.
  void GrantNoLease() ABSL_LOCKS_EXCLUDED(mutex_);
  // The response of Describe. Default: host "fake" with CPUs 0-1 and no targets.
  void SetDescription(AgentDescription description) ABSL_LOCKS_EXCLUDED(mutex_);
  // Each Describe runs `call` before it responds.
  void SetDescribeHook(std::function<void()> call) ABSL_LOCKS_EXCLUDED(mutex_);
  // The status of later Open calls.
  void RefuseOpen(grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);
  // The status of later Close calls.
  void RefuseClose(grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

  int opened() const ABSL_LOCKS_EXCLUDED(mutex_);
  int closed() const ABSL_LOCKS_EXCLUDED(mutex_);
  int renewals() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The received commands, except attachments and clock questions, in the order of arrival.
  std::vector<ControlCommand> commands() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The highest record number that a client has committed.
  uint64_t committed() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  grpc::Status Describe(grpc::ServerContext*, const DescribeRequest*,
                        AgentDescription* reply) override;
  grpc::Status Ping(grpc::ServerContext*, const PingRequest*, PingReply* reply) override;
  grpc::Status Open(grpc::ServerContext*, const OpenRequest*, OpenReply*) override;
  grpc::Status Control(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<ControlEvent, ControlCommand>* stream) override;
  grpc::Status HoldLease(grpc::ServerContext*,
                         grpc::ServerReaderWriter<LeaseGrant, LeaseRenewal>* stream) override;
  grpc::Status ReadData(grpc::ServerContext*,
                        grpc::ServerReaderWriter<DataRecord, DataRequest>* stream) override;
  grpc::Status Close(grpc::ServerContext*, const CloseRequest*, CloseReply*) override;

  struct LoggedEvent {
    ControlEvent event;
    // Empty: an event of every execution.
    std::string execution;
  };

  // The log of one execution, numbered.
  std::vector<ControlEvent> EventsOf(const std::string& execution) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<LoggedEvent> events_ ABSL_GUARDED_BY(mutex_);
  std::vector<DataRecord> records_ ABSL_GUARDED_BY(mutex_);
  std::vector<ControlCommand> commands_ ABSL_GUARDED_BY(mutex_);
  AgentDescription description_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> before_describing_ ABSL_GUARDED_BY(mutex_);
  grpc::Status open_status_ ABSL_GUARDED_BY(mutex_);
  grpc::Status close_status_ ABSL_GUARDED_BY(mutex_);
  int break_control_after_ ABSL_GUARDED_BY(mutex_) = 0;
  int break_control_times_ ABSL_GUARDED_BY(mutex_) = 0;
  int break_data_after_ ABSL_GUARDED_BY(mutex_) = 0;
  int break_data_times_ ABSL_GUARDED_BY(mutex_) = 0;
  int opened_ ABSL_GUARDED_BY(mutex_) = 0;
  int closed_ ABSL_GUARDED_BY(mutex_) = 0;
  int renewals_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t committed_ ABSL_GUARDED_BY(mutex_) = 0;
  bool vanished_ ABSL_GUARDED_BY(mutex_) = false;
  bool grants_ ABSL_GUARDED_BY(mutex_) = true;

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_FAKE_AGENT_H_
