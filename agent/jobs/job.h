#ifndef ASSAY_AGENT_JOBS_JOB_H_
#define ASSAY_AGENT_JOBS_JOB_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/event_log.h"
#include "agent/jobs/spool.h"
#include "agent/jobs/strand.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// One job in one execution, from Open to Close: a state machine with an event log, a lease and a spool. What it does
// for its role is a ServerJob's or a LoadJob's.
//
//   opening --admitted--> starting --Ready--> ready --Start--> running --Finished--> finished
//      |                      |                 |                 |                     |
//      | refused              +---- Failure ----+-----------------+---------------------+--> failed
//      v                                                                                        |
//   closed <------------------- Close, or a lease length after the lease ran out --------------+
//
// A job that failed is over, and what it had started is gone, but for its events and its data, which stay to be read.
// When nobody renews its lease it fails by LEASE_EXPIRED, and a lease length later it is forgotten.
//
// Threads: public methods from any; hooks run on the strand only. Events are stamped with the strand's clock.
class Job : public std::enable_shared_from_this<Job> {
 public:
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  const OpenRequest& request() const { return request_; }
  // For people: "server of execution 1f2e".
  const std::string& title() const { return title_; }

  // Begins the job's life; `gone` is called once, on the strand, when it is over: refused, closed or forgotten. To be
  // called once, before anything else.
  void Begin(std::function<void()> gone);
  // Calls back, on the strand or at once, when the job is admitted, or with what it is refused for. Any number of
  // times.
  void OnAdmitted(std::function<void(absl::Status)> decided);

  // Begins the warm-up at that time. Said again it changes nothing. kFailedPrecondition: it is not ready.
  absl::Status Start(int64_t start_ns);
  // Ends the window. Said again, or after the end, it changes nothing. kFailedPrecondition: it was never started.
  absl::Status Stop();

  // What is left of the lease after this renewal, in milliseconds; 0 when it has run out already.
  uint32_t RenewLease();

  // Stops what runs and calls back when it is gone. Any number of times.
  void Close(std::function<void()> closed);

  // SERVER: whether it serves at this "HOST:PORT" now. Any thread.
  virtual bool ServesAt(const std::string& destination) const;

  EventLog& events() { return events_; }
  Spool& spool() { return spool_; }
  Strand& strand() { return *strand_; }

 protected:
  Job(OpenRequest request, std::unique_ptr<Strand> strand, std::string spool_folder);

  // Hooks, each called on the strand. They may block for as long as what they wait for is bounded, and end early when
  // `unwanted()`.

  // Whether the request can be met: what Open is refused for.
  virtual absl::Status Admit() = 0;
  // Starts what there is to start. Leads to ReportReady() or ReportFailure(), now or later.
  virtual void Launch() = 0;
  virtual void BeginWindow(int64_t start_ns) = 0;
  // Leads to a report of the end.
  virtual void EndWindow() = 0;
  // Everything that was started is gone when this returns, what was recorded is in the spool. Called once, also when
  // Admit() refused. `orderly`: as the program likes to be ended; else at once, because the job failed.
  virtual void Release(bool orderly) = 0;

  // Reports, on the strand. Ignored when the job is over.
  void ReportReady(Ready ready);
  void ReportStarted(Started started);
  void ReportFinished(ServerFinished finished);
  void ReportFinished(LoadFinished finished);
  // The job has failed. What it had started is released before the event is told, so that who hears of a failure may
  // count on the CPUs.
  void ReportFailure(Failure failure);

  // Whether the job is to end: closed, or its lease has run out. Any thread.
  bool unwanted() const;
  // Whether it is over: nothing reported from now on counts.
  bool over() const;
  // Runs the task on the strand, at that time, unless the job has been released by then.
  Strand::TimerId At(int64_t monotonic_ns, std::function<void()> task);
  void Do(std::function<void()> task);

 private:
  enum class State { kOpening, kStarting, kReady, kRunning, kFinished, kFailed, kClosed };

  void Open();
  void ReleaseOnce(bool orderly);
  void Tell(ControlEvent event);
  bool MoveTo(State next, std::initializer_list<State> from) ABSL_LOCKS_EXCLUDED(mutex_);
  void CheckLease();
  void Forget();
  int64_t lease_ns() const { return int64_t{request_.lease_ms()} * 1'000'000; }

  const OpenRequest request_;
  const std::string title_;
  EventLog events_;
  Spool spool_;

  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kOpening;
  int64_t lease_until_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  bool lease_expired_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> admitted_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void(absl::Status)>> waiting_ ABSL_GUARDED_BY(mutex_);

  // On the strand only.
  std::function<void()> gone_;
  bool released_ = false;
  Strand::TimerId lease_timer_ = 0;

  // Last: it is destroyed first, and with it every task that is waiting.
  const std::unique_ptr<Strand> strand_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_JOB_H_
