#include "agent/loadgen/recorder.h"

#include "absl/types/span.h"

namespace assay::loadgen {

uint64_t Tally::errors() const {
  uint64_t errors = 0;
  for (int i = static_cast<int>(Fate::kTimeout) + 1; i < kFates; ++i) errors += fates[i];
  return errors;
}

Recorder::Recorder(bool open_loop, SecondBook* book, LiveFigures* live,
                   std::optional<SampleRing::Writer> ring)
    : open_loop_(open_loop), book_(book), live_(live), ring_(ring) {}

void Recorder::Ended(const Flight& flight, Fate fate, int status, uint64_t answer_bytes,
                     int64_t now_ns) {
  if (fate == Fate::kOk && now_ns >= window_.begin_ns && now_ns < window_.end_ns) {
    ++tally_.ok_in_window;
  }
  if (!flight.counted) return;
  tally_.bytes_read += answer_bytes;
  tally_.last_end_ns = now_ns;
  ++tally_.fates[static_cast<int>(fate)];
  if (status != 0) ++tally_.statuses[status < 1000 ? status : 1000];
  const int64_t latency_ns = now_ns - flight.intended_ns;
  SecondFigures& second = book_->At(flight.intended_ns);
  if (&second != live_second_) PublishLive(&second);
  if (fate <= Fate::kTimeout) {
    ++(fate == Fate::kOk ? second.ok : second.timeouts);
    second.latency.Record(latency_ns);
    if (open_loop_ && flight.send_ns != 0) service_.Record(now_ns - flight.send_ns);
  } else {
    ++second.errors;
  }
  if (!ring_.has_value()) return;
  block_[block_size_++] = Sample{flight.intended_ns, latency_ns, OutcomeOf(fate, status)};
  if (block_size_ == kBlockSamples) Flush();
}

void Recorder::PublishLive(const SecondFigures* second) {
  live_second_ = second;
  live_->ok.store(tally_.ok(), std::memory_order_relaxed);
  live_->failed.store(tally_.timeouts() + tally_.errors(), std::memory_order_relaxed);
}

void Recorder::Flush() {
  if (ring_.has_value() && block_size_ > 0) {
    ring_->Write(absl::MakeConstSpan(block_.data(), block_size_));
  }
  block_size_ = 0;
}

uint64_t Recorder::samples_recorded() const {
  if (ring_.has_value()) return ring_->samples_written();
  return tally_.ok() + tally_.timeouts() + tally_.errors();
}

}  // namespace assay::loadgen
