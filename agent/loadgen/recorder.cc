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

void Recorder::Begin(const SendingPeriods& periods) {
  book_->Begin(periods.intervals_begin_ns(), periods.interval_ns());
  interval_ns_ = static_cast<uint64_t>(periods.interval_ns());
  const LoadWindow& window = periods.window(0);
  if (periods.in_slots()) {
    responses_.Begin(INT64_MAX - 1, INT64_MAX);
  } else {
    responses_.Begin(window.begin_ns, LastResponseOfUse(window));
  }
  BeginPeriod(window, 0);
}

void Recorder::BeginPeriod(const LoadWindow& window, int64_t in_flight) {
  window_ = window;
  cycle_end_ns_ = window.end_ns;
  cycles_ended_ = false;
  // In flight from the begin of what counts.
  flight_sum_ = 0;
  flying_ = in_flight;
}

void Recorder::EndPeriod() {
  CountNoted();
  sent_second_ = nullptr;
  // A thread that came too late for the whole of it has sent nothing, and rested.
  if (!open_loop_ && window_.end_ns != INT64_MAX) EndCycles(window_.end_ns);
}

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
  const auto flight_ns =
      static_cast<int64_t>(flight_sum_ + static_cast<uint64_t>(flying_) * length_ns);
  tally_.flight_ns += flight_ns;
  tally_.think_ns += most_flying_ * static_cast<int64_t>(length_ns) - flight_ns;
}

void Recorder::BeginSecond(int64_t intended_ns) {
  CountNoted();
  second_begin_ns_ = book_->IntervalBegin(intended_ns);
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
