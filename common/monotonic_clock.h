#ifndef ASSAY_COMMON_MONOTONIC_CLOCK_H_
#define ASSAY_COMMON_MONOTONIC_CLOCK_H_

#include <cstdint>

namespace assay {

// CLOCK_MONOTONIC in nanoseconds: comparable between the processes of one host, meaningless between
// hosts. Cost: about 30 ns, no system call where the vDSO serves it.
int64_t MonotonicNanos();

// Time as code sees it that must be testable without waiting. Tests use ManualClock.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNanos() const = 0;
  // Returns no earlier than that time; at once when it has passed.
  virtual void SleepUntil(int64_t monotonic_ns) = 0;

  // The one over CLOCK_MONOTONIC. Lives for ever; any thread.
  static Clock& Real();
};

// Stands still until told. Not for several threads at once.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_ns = 0) : now_ns_(now_ns) {}

  int64_t NowNanos() const override { return now_ns_; }
  // Moves time forward to there, without waiting.
  void SleepUntil(int64_t monotonic_ns) override {
    if (monotonic_ns > now_ns_) now_ns_ = monotonic_ns;
  }
  void Advance(int64_t by_ns) { now_ns_ += by_ns; }

 private:
  int64_t now_ns_;
};

}  // namespace assay

#endif  // ASSAY_COMMON_MONOTONIC_CLOCK_H_
