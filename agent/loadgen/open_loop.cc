#include "agent/loadgen/open_loop.h"

#include <algorithm>

#include "common/monotonic_clock.h"

namespace assay::loadgen {

OpenLoop::OpenLoop(const Config& config, RequestMix* mix, Recorder* recorder)
    : config_(config),
      mix_(mix),
      recorder_(recorder),
      left_(config.request_count == 0 ? UINT64_MAX : config.request_count),
      waiting_(static_cast<size_t>(std::max<uint64_t>(config.queue_limit, 1))),
      free_(static_cast<size_t>(config.connections)),
      is_free_(static_cast<size_t>(config.connections), 0) {}

void OpenLoop::Run(ConnectionPool& pool, LoadPhases& phases) {
  pool_ = &pool;
  phases_ = &phases;
  if (!schedule_.has_value()) schedule_.emplace(config_.arrivals, phases.periods());
  int64_t now = MonotonicNanos();
  phases.Begin(now, pool.busy_ns() + sending_ns_, recorder_->responses_until_now());
  pool.ResumeReopening(now);
  now = pool.CatchUp(now);
  for (int i = 0; i < pool.connections(); ++i) {
    if (pool.HasRoom(i)) SetFree(i);
  }
  PlanNext();
  while (phases.phase() != LoadPhases::Phase::kDone) {
    const bool spins = config_.pacing == Pacing::kSpin && phases.MaySpin(now);
    now = pool.Turn(spins ? now : NextWakeNs(), now);
    ExpireWaiting(now);
    // Before the phase moves on: what fell due just before the window's end is offered however late this thread woke.
    const int64_t turn_ns = now;
    if (now >= due_ns_) {
      OfferDue(now);
      now = MonotonicNanos();
      sending_ns_ += now - turn_ns;
    }
    Advance(turn_ns);
    if (phases.phase() != LoadPhases::Phase::kDrain) continue;
    due_ns_ = INT64_MAX;
    if (waiting_.empty()) pool.StopReopening();
    if (config_.request_count == 0) recorder_->EndWindow(phases.times().end_ns);
  }
}

uint64_t OpenLoop::TakeUnfinished(const ConnectionPool& pool) {
  uint64_t counted = 0;
  for (; !waiting_.empty(); waiting_.Pop()) counted += waiting_.front().counted ? 1 : 0;
  return counted + static_cast<uint64_t>(pool.CountInFlight(/*counted_only=*/true));
}

void OpenLoop::Advance(int64_t now_ns) {
  phases_->Advance(now_ns, left_ == 0, in_flight(), pool_->busy_ns() + sending_ns_,
                   recorder_->responses_until_now());
}

int64_t OpenLoop::NextWakeNs() const {
  const int64_t expiry =
      waiting_.empty() ? INT64_MAX : waiting_.front().intended_ns + config_.timeout_ns;
  return std::min({due_ns_, expiry, phases_->NextNs()});
}

void OpenLoop::PlanNext() {
  if (!drawn_ns_.has_value()) drawn_ns_ = left_ == 0 ? INT64_MAX : schedule_->NextNs();
  due_ns_ = *drawn_ns_;
  // A window that only its requests bound would never end.
  if (due_ns_ == INT64_MAX && phases_->window().end_ns == INT64_MAX) left_ = 0;
  if (phases_->MaySend(due_ns_)) {
    drawn_ns_.reset();
  } else {
    due_ns_ = INT64_MAX;
  }
}

void OpenLoop::OfferDue(int64_t now_ns) {
  // What falls due meanwhile has its turn after the next response.
  while (due_ns_ <= now_ns) {
    Flight flight{0, due_ns_, mix_->Next(), phases_->Counts(due_ns_)};
    recorder_->Sent(flight);
    if (flight.counted && config_.request_count != 0) --left_;
    if (waiting_.empty() && SendOnFree(flight)) {
    } else if (!waiting_.full()) {
      waiting_.Push(flight);
    } else {
      recorder_->Ended(flight, Outcome::kQueueOverflow, 0, 0, now_ns);
    }
    PlanNext();
  }
}

bool OpenLoop::SendOnFree(const Flight& flight) {
  while (!free_.empty()) {
    const int connection = free_.front();
    free_.Pop();
    is_free_[connection] = 0;
    if (!pool_->HasRoom(connection))
      continue;  // It broke while it was free, and comes back when it is open.
    Send(connection, flight, MonotonicNanos());
    if (pool_->HasRoom(connection)) SetFree(connection);
    return true;
  }
  return false;
}

void OpenLoop::Send(int connection, Flight flight, int64_t now_ns) {
  flight.send_ns = now_ns;
  recorder_->OnWire(flight);
  ++on_wire_;
  pool_->Queue(connection, flight);
  pool_->Flush(connection, now_ns);
}

void OpenLoop::OnReady(int connection, int64_t now_ns) {
  while (!waiting_.empty()) {
    if (!pool_->HasRoom(connection)) return;
    const Flight flight = waiting_.front();
    waiting_.Pop();
    Send(connection, flight, now_ns);
  }
  if (pool_->HasRoom(connection)) SetFree(connection);
}

void OpenLoop::SetFree(int connection) {
  if (is_free_[connection]) return;
  is_free_[connection] = 1;
  free_.Push(connection);
}

void OpenLoop::OnEnded(const Flight& flight, Outcome outcome, int status, uint64_t response_bytes,
                       int64_t now_ns) {
  --on_wire_;
  recorder_->Ended(flight, outcome, status, response_bytes, now_ns);
}

void OpenLoop::OnOpenFailed(Outcome outcome, int64_t now_ns) {
  // The request that would have been sent on it fails with it.
  if (waiting_.empty()) return;
  recorder_->Ended(waiting_.front(), outcome, 0, 0, now_ns);
  waiting_.Pop();
}

void OpenLoop::ExpireWaiting(int64_t now_ns) {
  while (!waiting_.empty() && waiting_.front().intended_ns <= now_ns - config_.timeout_ns) {
    recorder_->Ended(waiting_.front(), Outcome::kTimeout, 0, 0, now_ns);
    waiting_.Pop();
  }
}

}  // namespace assay::loadgen
