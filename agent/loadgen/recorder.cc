#include "agent/loadgen/recorder.h"

#include <utility>

#include "absl/types/span.h"

namespace assay::loadgen {

uint64_t Tally::errors() const {
  uint64_t errors = 0;
  for (int i = static_cast<int>(Outcome::kTimeout) + 1; i < kOutcomes; ++i) errors += outcomes[i];
  return errors;
}

Recorder::Recorder(bool open_loop, IntervalBook* book, LiveFigures* live,
                   std::optional<SampleRing::Writer> ring)
    : open_loop_(open_loop), book_(book), live_(live), ring_(ring) {}

void Recorder::EndWindow(int64_t now_ns) {
  if (now_ns >= window_.end_ns) return;
  CountNoted();
  window_.end_ns = now_ns;
}

void Recorder::EndCycles(int64_t now_ns) {
  if (cycles_ended_) return;
  cycles_ended_ = true;
  cycle_end_ns_ = std::min(cycle_end_ns_, now_ns);
  const uint64_t length_ns = IntoWindow(cycle_end_ns_);
  tally_.flight_ns = static_cast<int64_t>(flight_sum_ + static_cast<uint64_t>(flying_) * length_ns);
  tally_.think_ns = most_flying_ * static_cast<int64_t>(length_ns) - tally_.flight_ns;
}

void Recorder::BeginSecond(int64_t intended_ns) {
  CountNoted();
  constexpr auto kNanos = static_cast<int64_t>(kSecond);
  second_begin_ns_ = window_.begin_ns + (intended_ns - window_.begin_ns) / kNanos * kNanos;
  sent_second_ = &book_->At(intended_ns);
}

void Recorder::Count(const Sample& sample, const Ending& ending) {
  const int64_t end_ns = sample.intended_ns + sample.latency_ns;
  if (ending.outcome == Outcome::kOk && IsInWindow(end_ns)) ++tally_.ok_in_window;
  tally_.last_end_ns = end_ns;
  ++tally_.outcomes[static_cast<int>(ending.outcome)];
  if (ending.status != 0) {
    ++tally_.statuses[ending.status];
    responses_.Add(end_ns);
  }
  IntervalFigures& second = book_->At(sample.intended_ns);
  if (&second != live_second_) PublishLive(&second);
  if (ending.retried) [[unlikely]] {
    ++tally_.retried;
    ++second.retried;
  }
  if (ending.outcome <= Outcome::kTimeout) {
    ++(ending.outcome == Outcome::kOk ? second.ok : second.timeouts);
    second.latency.Record(sample.latency_ns);
  } else {
    ++second.errors;
  }
}

void Recorder::PublishLive(const IntervalFigures* second) {
  live_second_ = second;
  live_->ok.store(tally_.ok(), std::memory_order_relaxed);
  live_->failed.store(tally_.timeouts() + tally_.errors(), std::memory_order_relaxed);
}

void Recorder::CountNoted() {
  for (; counted_ < noted_; ++counted_) {
    const Ending& ending = endings_[counted_];
    block_[counted_].outcome = OutcomeOf(ending.outcome, ending.status);
    Count(block_[counted_], ending);
    if (open_loop_ && ending.outcome <= Outcome::kTimeout && service_ns_[counted_] != kNeverSent) {
      service_.Record(service_ns_[counted_]);
    }
  }
  if (sent_second_ != nullptr) sent_second_->sent += sent_in_second_;
  tally_.sent += std::exchange(sent_in_second_, 0);
  tally_.bytes_read = bytes_read_;
}

void Recorder::Flush() {
  CountNoted();
  if (ring_.has_value() && noted_ > 0) ring_->Write(absl::MakeConstSpan(block_.data(), noted_));
  noted_ = 0;
  counted_ = 0;
}

uint64_t Recorder::samples_recorded() const {
  if (ring_.has_value()) return ring_->samples_written();
  return tally_.ok() + tally_.timeouts() + tally_.errors();
}

}  // namespace assay::loadgen
