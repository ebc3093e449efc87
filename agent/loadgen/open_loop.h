#ifndef ASSAY_AGENT_LOADGEN_OPEN_LOOP_H_
#define ASSAY_AGENT_LOADGEN_OPEN_LOOP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/loadgen/arrival_schedule.h"
#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/load_loop.h"
#include "agent/loadgen/load_phases.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/request_mix.h"
#include "agent/loadgen/ring_buffer.h"

namespace assay::loadgen {

// Offers load in an open loop: each request is sent when it is due, on the connection that has been free for longest.
// One that finds none free waits its turn, in the order of the due times; its latency counts from when it was due. One
// more than may wait is an error ("waiting queue overflow"), and one that has waited for the timeout is one.
//
// Between any two responses it looks whether something is due: a burst of responses delays a request by one of them.
class OpenLoop : public LoadLoop {
 public:
  struct Config {
    int connections = 1;
    // Of this thread, in the window; 0: not bounded.
    uint64_t request_count = 0;
    Pacing pacing = Pacing::kSpin;
    // Requests that may wait; at least 1.
    uint64_t queue_limit = 1;
    int64_t timeout_ns = 0;
    ArrivalSchedule::Config arrivals;
  };

  // `recorder` and `mix` must outlive it.
  OpenLoop(const Config& config, RequestMix* mix, Recorder* recorder);

  void Run(ConnectionPool& pool, LoadPhases& phases) override;
  uint64_t TakeUnfinished(const ConnectionPool& pool) override;

  void OnReady(int connection, int64_t now_ns) override;
  void OnEnded(const Flight& flight, Outcome outcome, int status, uint64_t response_bytes,
               int64_t now_ns) override;
  void OnOpenFailed(Outcome outcome, int64_t now_ns) override;
  void BetweenEvents(int64_t now_ns) override {
    if (now_ns >= due_ns_) OfferDue(now_ns);
  }

 private:
  // The next due time of this period. A later one waits for its period.
  void PlanNext();
  void Advance(int64_t now_ns);
  void OfferDue(int64_t now_ns);
  bool SendOnFree(const Flight& flight);
  // It has room.
  void SetFree(int connection);
  void Send(int connection, Flight flight, int64_t now_ns);
  void ExpireWaiting(int64_t now_ns);
  int64_t NextWakeNs() const;
  int64_t in_flight() const { return on_wire_ + static_cast<int64_t>(waiting_.size()); }

  const Config config_;
  RequestMix* const mix_;
  Recorder* const recorder_;
  // Set while Run() is.
  std::optional<ArrivalSchedule> schedule_;
  ConnectionPool* pool_ = nullptr;
  LoadPhases* phases_ = nullptr;
  int64_t due_ns_ = INT64_MAX;  // Of the next request of this period.
  // The last time that the schedule gave, while no request of it was due.
  std::optional<int64_t> drawn_ns_;
  uint64_t left_;  // Requests of the window that may yet fall due.
  int64_t on_wire_ = 0;
  int64_t sending_ns_ = 0;  // Time spent sending outside of the pool's turns.
  RingBuffer<Flight> waiting_;
  RingBuffer<int> free_;
  std::vector<char> is_free_;  // By connection: it is in free_.
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_OPEN_LOOP_H_
