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

namespace assay::controller {

// A reading of an agent's clock by a question on a job's control stream.
struct ClockReading {
  // The agent's monotonic clock.
  int64_t agent_ns = 0;
  // Our own monotonic clock, halfway between question and answer.
  int64_t here_ns = 0;
  int64_t round_trip_ns = 0;
};

// The status of a job that failed, with the agent's Failure inside.
absl::Status StatusOfFailure(const Failure& failure, std::string_view where);
// The Failure inside a status, if it came from one.
std::optional<Failure> FailureOfStatus(const absl::Status& status);

// One agent's job in an execution, held from here: Open on creation, Close at the latest in the
// destructor.
//
// Streams that break are attached again until the lease would have run out, or the agent has granted
// no lease for as long; then the job has failed with UNAVAILABLE, and all that waits for it ends,
// ReadData() too. Events and records arrive once each and in order, whatever happened to the streams.
//
// Deadlines are times of the client's clock.
//
// Threads: three of its own (control and lease), blocked but for a message. Methods may be called
// from one thread at a time, but Abandon() from any.
class JobClient {
 public:
  // `client` must outlive it. The request's lease_ms is used for both sides.
  static absl::StatusOr<std::unique_ptr<JobClient>> Open(AgentClient& client, OpenRequest request);
  ~JobClient();

  JobClient(const JobClient&) = delete;
  JobClient& operator=(const JobClient&) = delete;

  // Waits for the event of that kind. A Failure event, a lost agent, a passed deadline
  // (DEADLINE_EXCEEDED) and Abandon() (CANCELLED) end the wait.
  absl::StatusOr<Ready> WaitReady(int64_t deadline_ns);
  absl::StatusOr<Started> WaitStarted(int64_t deadline_ns);
  absl::StatusOr<ServerFinished> WaitServerFinished(int64_t deadline_ns);
  absl::StatusOr<LoadFinished> WaitLoadFinished(int64_t deadline_ns);

  // The failure so far, or OK: a server that died while another job was waited for.
  absl::Status failure() const;
  // As failure(), but waits for one until the deadline: for what a job is about to tell, such as the end of a server
  // that others have noticed already. OK where none comes; Abandon() and Close() end the wait.
  absl::Status AwaitFailure(int64_t deadline_ns) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Asks the agent for its clock `rounds` times; the reading with the smallest round trip.
  absl::StatusOr<ClockReading> ReadClock(int rounds, int64_t deadline_ns);

  // Begins the warm-up at start_ns of the agent's clock.
  void Start(int64_t start_ns);
  // Ends the window early, or the server's part of it.
  void Stop();

  // Reads all records, up to the end mark; `consume` sees each once. The agent keeps them until Close().
  absl::Status ReadData(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                        int64_t deadline_ns);
  // The same, but the agent forgets on the way: `secure` is called for every few records and at the end mark, and by
  // returning OK says that all that were consumed are safe. Nothing is acknowledged before that.
  absl::Status ReadData(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                        absl::FunctionRef<absl::Status()> secure, int64_t deadline_ns);

  // Stops whatever the job started and waits until it is gone, within `timeout`; within some seconds where the agent
  // is lost, since the lease ends its job.
  absl::Status Close(absl::Duration timeout);

  // Ends every wait, now and later, with this error. Called from any thread.
  void Abandon(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  // Calls `tell` when the job fails, on a thread of this client, or at once when it has. It must not
  // call this job back. Null ends that, and waits for a call that runs.
  void WhenFailed(std::function<void(const absl::Status&)> tell) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using ControlStream = grpc::ClientReaderWriter<ControlCommand, ControlEvent>;
  using DataStream = grpc::ClientReaderWriter<DataRequest, DataRecord>;

  JobClient(AgentClient& client, OpenRequest request);

  void RunControl();
  // One life of the control stream; returns how it ended.
  grpc::Status RunControlStream();
  void Take(const ControlEvent& event) ABSL_LOCKS_EXCLUDED(mutex_);
  // What others wait for; an error where it breaks the numbering or is more than a job has to tell.
  absl::Status Keep(const ControlEvent& event, int64_t here_ns) ABSL_LOCKS_EXCLUDED(mutex_);
  void Send(const ControlCommand& command) ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // The agent is gone: the job fails, and its data does not come either.
  void Lose(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  // `secure`: nullptr where nothing is to be forgotten.
  absl::Status ReadRecords(absl::FunctionRef<absl::Status(const DataRecord&)> consume,
                           const absl::FunctionRef<absl::Status()>* secure, int64_t deadline_ns)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // One life of the data stream, which goes on behind record `taken`. True at the end mark; false where it broke before.
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
  std::function<void(const absl::Status&)> tell_failed_ ABSL_GUARDED_BY(mutex_);
  uint64_t clock_question_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<ClockReading> clock_response_ ABSL_GUARDED_BY(mutex_);
  // The living control stream, and what is to be said again on the next one.
  ControlStream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::vector<ControlCommand> said_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* control_context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  grpc::ClientContext* data_context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  bool lost_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread control_thread_;
  std::optional<LeaseHold> lease_hold_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_JOB_CLIENT_H_
