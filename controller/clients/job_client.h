#ifndef ASSAY_CONTROLLER_CLIENTS_JOB_CLIENT_H_
#define ASSAY_CONTROLLER_CLIENTS_JOB_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "controller/clients/agent_client.h"
#include "controller/clients/lease_hold.h"
#include "proto/agent.pb.h"

namespace grpc {
template <class W, class R>
class ClientReaderWriter;
}  // namespace grpc

namespace assay::controller {

// A reading of an agent's clock, requested over the control stream of a job.
struct ClockReading {
  // The agent's monotonic clock.
  int64_t agent_ns = 0;
  // The controller's monotonic clock, halfway between the question and the reply.
  int64_t here_ns = 0;
  int64_t round_trip_ns = 0;
};

// The status of a failed job. Carries the agent's Failure as its payload.
absl::Status StatusOfFailure(const Failure& failure, std::string_view where);
// The Failure that a status carries, if StatusOfFailure() made it.
std::optional<Failure> FailureOfStatus(const absl::Status& status);

// A client of one job at one agent. Opens the job on creation, and closes it in the destructor at the latest.
//
// A broken stream is attached again, until the lease expires: either no stream could be attached for that long, or the
// agent granted no lease for that long. Then the job fails with UNAVAILABLE, and all waits end, ReadData() included.
// Each event and each record arrives exactly once and in order, even if streams break.
//
// Deadlines are times of the agent client's clock.
//
// Threads: three of its own (control and lease), which block except when they handle a message. Call the methods from
// one thread at a time; Abandon() may be called from any thread.
class JobClient {
 public:
  // `client` must outlive it. The request's lease_ms is used for both sides.
  static absl::StatusOr<std::unique_ptr<JobClient>> Open(AgentClient& client, OpenRequest request);
  ~JobClient();

  JobClient(const JobClient&) = delete;
  JobClient& operator=(const JobClient&) = delete;

  // Each waits for one kind of event. The wait fails on a Failure event, when the agent is lost, at the deadline
  // (DEADLINE_EXCEEDED), and on Abandon(), with the error given there.
  absl::StatusOr<Ready> WaitReady(int64_t deadline_ns);
  absl::StatusOr<Started> WaitStarted(int64_t deadline_ns);
  absl::StatusOr<ServerFinished> WaitServerFinished(int64_t deadline_ns);
  absl::StatusOr<LoadFinished> WaitLoadFinished(int64_t deadline_ns);

  // The failure of the job so far, or OK. It may be a server that died while the caller waited for another job.
  absl::Status failure() const;
  // As failure(), but waits for a failure until the deadline. Use it when a failure is expected, such as the end of a
  // server whose connections have broken already. OK if none arrives; Abandon() and Close() end the wait.
  absl::Status AwaitFailure(int64_t deadline_ns) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Reads the agent's clock `rounds` times and returns the reading with the smallest round trip.
  absl::StatusOr<ClockReading> ReadClock(int rounds, int64_t deadline_ns);

  // Starts the warm-up at `start_ns` of the agent's clock.
  void Start(int64_t start_ns);
  // Ends the window of this job early.
  void Stop();

  // Reads all records up to the end mark, and calls `consume` once for each. The agent keeps the records until Close().
  absl::Status ReadData(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                        int64_t deadline_ns);
  // The same, but lets the agent delete records while it reads. It calls `secure` after every few records and at the end
  // mark; OK means that all consumed records are stored safely. Only then may the agent delete them.
  absl::Status ReadData(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                        absl::FunctionRef<absl::Status()> secure, int64_t deadline_ns);

  // Stops everything that the job started, and waits for its end for at most `timeout`. If the agent is lost, it waits
  // for a few seconds at most, since the lease ends the job.
  absl::Status Close(absl::Duration timeout);

  // Ends all current and later waits with the error `why`. Safe to call from any thread.
  void Abandon(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  // Calls `on_failure` when the job fails, on a thread of this client; calls it at once if the job has failed already.
  // The callback must not call methods of this job. nullptr removes the callback, and waits for a call that runs.
  void WhenFailed(std::function<void(const absl::Status&)> on_failure) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using ControlStream = grpc::ClientReaderWriter<ControlCommand, ControlEvent>;
  using DataStream = grpc::ClientReaderWriter<DataRequest, DataRecord>;

  JobClient(AgentClient& client, OpenRequest request);

  void RunControl();
  // Runs one control stream until it ends; returns the status of the stream.
  grpc::Status RunControlStream();
  void Take(const ControlEvent& event) ABSL_LOCKS_EXCLUDED(mutex_);
  // Stores an event for those who wait for it. An error if its number is wrong, or if the job has sent too many events.
  absl::Status Keep(const ControlEvent& event, int64_t here_ns) ABSL_LOCKS_EXCLUDED(mutex_);
  void Send(const ControlCommand& command) ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Marks the agent as lost: the job fails, and ReadData() ends.
  void Lose(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  // `secure`: nullptr if the agent must keep all records.
  absl::Status ReadRecords(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                           const absl::FunctionRef<absl::Status()>* secure, int64_t deadline_ns)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Reads one data stream, starting after record `taken`. True at the end mark; false if the stream broke before it.
  absl::StatusOr<bool> ReadDataStream(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                                      const absl::FunctionRef<absl::Status()>* secure,
                                      DataStream& stream, uint64_t& taken);
  absl::StatusOr<ControlEvent> WaitFor(ControlEvent::EventCase kind, std::string_view what,
                                       int64_t deadline_ns);
  bool closing() const { return closing_.load(std::memory_order_acquire); }

  AgentClient& client_;
  Clock& clock_;
  const OpenRequest request_;
  const absl::Duration lease_;
  std::atomic<bool> closing_{false};

  mutable absl::Mutex mutex_;
  std::vector<ControlEvent> events_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_event_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t event_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status abandoned_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const absl::Status&)> on_failure_ ABSL_GUARDED_BY(mutex_);
  uint64_t clock_question_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<ClockReading> clock_response_ ABSL_GUARDED_BY(mutex_);
  // The current control stream, or nullptr, and the commands to repeat on the next one.
  ControlStream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::vector<ControlCommand> sent_commands_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* control_context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  grpc::ClientContext* data_context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  bool lost_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread control_thread_;
  std::optional<LeaseHold> lease_hold_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_JOB_CLIENT_H_
