#include "agent/loadgen/closed_loop.h"

#include <algorithm>
#include <utility>

#include "common/monotonic_clock.h"

namespace assay::loadgen {

ClosedLoop::ClosedLoop(const Config& config, RequestMix* mix, Recorder* recorder)
    : config_(config),
      mix_(mix),
      recorder_(recorder),
      longest_batch_(LongestBatch(config.connections)),
      left_(config.request_count == 0 ? UINT64_MAX : config.request_count),
      thinking_(static_cast<size_t>(config.connections)),
      thinks_(static_cast<size_t>(config.connections), 0) {}

size_t ClosedLoop::LongestBatch(int connections) {
  return std::clamp<size_t>(static_cast<size_t>(connections) / kConnectionsPerBatch, 1,
                            kLongestBatch);
}

void ClosedLoop::Run(ConnectionPool& pool, LoadPhases& phases) {
  pool_ = &pool;
  phases_ = &phases;
  int64_t now = MonotonicNanos();
  phases.Begin(now, pool.busy_ns(), recorder_->responses_until_now());
  Advance(now);
  while (!thinking_.empty()) thinks_[thinking_.Pop()] = 0;
  pool.ResumeReopening(now);
  now = pool.CatchUp(now);
  for (int i = 0; i < pool.connections(); ++i) {
    now = MonotonicNanos();
    if (pool.HasRoom(i)) Send(i, now);
  }
  while (phases.phase() != LoadPhases::Phase::kDone) {
    now = pool.Turn(std::min(phases.NextNs(), thinking_.NextNs()), now);
    SendAfterThinkTime(now);
    Advance(now);
    if (phases.phase() < LoadPhases::Phase::kDrain) continue;
    recorder_->EndCycles(phases.times().end_ns);
    if (phases.phase() == LoadPhases::Phase::kDone) break;
    pool.StopReopening();
    if (config_.request_count == 0) recorder_->EndWindow(phases.times().end_ns);
  }
}

void ClosedLoop::Advance(int64_t now_ns) {
  phases_->Advance(now_ns, left_ == 0, in_flight_, pool_->busy_ns(),
                   recorder_->responses_until_now());
}

void ClosedLoop::OnReady(int connection, int64_t now_ns) {
  if (config_.think_ns == 0) {
    batch_[batch_size_++] = connection;
    batch_ns_ = now_ns;
    if (batch_size_ == longest_batch_) SendBatch();
    return;
  }
  if (thinks_[connection] || pool_->InFlight(connection) > 0) return;
  thinks_[connection] = 1;
  thinking_.Push(now_ns + config_.think_ns, connection);
}

void ClosedLoop::SendBatch() {
  const size_t count = std::exchange(batch_size_, 0);
  if (count == 1) return Send(batch_[0], batch_ns_);
  for (size_t i = 0; i < count; ++i) Send(batch_[i], MonotonicNanos());
}

void ClosedLoop::Send(int connection, int64_t now_ns) {
  bool queued = false;
  while (MaySend(now_ns) && pool_->HasRoom(connection)) {
    Flight flight{now_ns, now_ns, mix_->Next(), phases_->Counts(now_ns)};
    if (flight.counted && config_.request_count != 0) --left_;
    ++in_flight_;
    recorder_->Sent(flight);
    pool_->Queue(connection, flight);
    queued = true;
  }
  if (queued) pool_->Flush(connection, now_ns);
}

void ClosedLoop::SendAfterThinkTime(int64_t now_ns) {
  while (thinking_.NextNs() <= now_ns) {
    const int connection = thinking_.Pop();
    thinks_[connection] = 0;
    if (pool_->HasRoom(connection)) Send(connection, MonotonicNanos());
  }
}

void ClosedLoop::OnEnded(const Flight& flight, Outcome outcome, int status, uint64_t response_bytes,
                         int64_t now_ns) {
  --in_flight_;
  recorder_->Ended(flight, outcome, status, response_bytes, now_ns);
}

void ClosedLoop::OnOpenFailed(Outcome outcome, int64_t now_ns) {
  if (!MaySend(now_ns)) return;
  const Flight flight{now_ns, now_ns, 0, phases_->Counts(now_ns)};
  if (flight.counted && config_.request_count != 0) --left_;
  recorder_->Sent(flight);
  recorder_->Ended(flight, outcome, 0, 0, now_ns);
  // A window without a length would last until each of its requests had failed here.
  if (config_.request_count == 0 || config_.give_up_ns == 0) return;
  if (now_ns - config_.give_up_ns < pool_->unreachable_since_ns()) return;
  phases_->times().gave_up = true;
  left_ = 0;
}

}  // namespace assay::loadgen
