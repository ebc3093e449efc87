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

// An agent for tests of its callers, over real gRPC on the loopback: it tells prepared events and records, and breaks
// its streams when told to. It keeps the protocol's promises (numbering, replay from where a caller stands), measures
// nothing and starts nothing.
class FakeAgent : public Agent::Service {
 public:
  FakeAgent();
  ~FakeAgent() override;

  const std::string& address() const { return address_; }
  // Ends at once, as a killed agent does.
  void Vanish();

  // Adds an event to the log of every job, or of one execution's jobs; attached streams tell it.
  void Tell(ControlEvent event, std::string execution = "") ABSL_LOCKS_EXCLUDED(mutex_);
  // Adds a record of data; the last one must have `end` set.
  void Offer(DataRecord record) ABSL_LOCKS_EXCLUDED(mutex_);
  // The same with the numbers that they have: an agent that breaks the protocol.
  void TellAsNumbered(ControlEvent event) ABSL_LOCKS_EXCLUDED(mutex_);
  void OfferAsNumbered(DataRecord record) ABSL_LOCKS_EXCLUDED(mutex_);
  // Every stream of that kind ends with UNAVAILABLE after so many messages, the first `times` times.
  void BreakControlAfter(int events, int times) ABSL_LOCKS_EXCLUDED(mutex_);
  void BreakDataAfter(int records, int times) ABSL_LOCKS_EXCLUDED(mutex_);
  // Grants no lease from now on, though its streams stand: as an agent that hangs.
  void GrantNoLease() ABSL_LOCKS_EXCLUDED(mutex_);
  // What Describe answers. Default: host "fake" with CPUs 0-1 and no targets.
  void BeDescribedAs(AgentDescription description) ABSL_LOCKS_EXCLUDED(mutex_);
  // Called by each Describe before it answers.
  void BeforeDescribing(std::function<void()> call) ABSL_LOCKS_EXCLUDED(mutex_);
  // What Open answers.
  void RefuseOpen(grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);
  // What Close answers.
  void RefuseClose(grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

  int opened() const ABSL_LOCKS_EXCLUDED(mutex_);
  int closed() const ABSL_LOCKS_EXCLUDED(mutex_);
  int renewals() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Commands but for attachments and questions, in the order of arrival.
  std::vector<ControlCommand> commands() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The highest record that a caller said is safe.
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

  struct Told {
    ControlEvent event;
    // Empty: everyone's.
    std::string execution;
  };

  // That execution's log, numbered.
  std::vector<ControlEvent> EventsOf(const std::string& execution) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<Told> events_ ABSL_GUARDED_BY(mutex_);
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
