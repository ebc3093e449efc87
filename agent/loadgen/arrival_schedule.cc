#include "agent/loadgen/arrival_schedule.h"

#include <cmath>

namespace assay::loadgen {
namespace {

constexpr double kSecondNs = 1e9;
// A ramp begins with no load at all; its warm-up has this share of the final rate.
constexpr double kWarmUpShare = 0.1;
// Tells arrivals from the other things that are drawn from the same seed.
constexpr uint64_t kStream = uint64_t{1} << 32;

// INT64_MAX for what is too far away for the clock.
int64_t After(int64_t from_ns, double ns) {
  constexpr double kFarthest = 4e18;
  return ns < kFarthest ? from_ns + std::llround(ns) : INT64_MAX;
}

}  // namespace

ArrivalSchedule::ArrivalSchedule(const Config& config, const SendingPeriods& periods)
    : config_(config),
      periods_(periods),
      window_(periods.load_time()),
      random_(config.seed, kStream + static_cast<uint64_t>(config.stream)) {}

int64_t ArrivalSchedule::NextLoadNs() {
  switch (config_.arrivals) {
    case Arrivals::kPoisson:
      return Poisson();
    case Arrivals::kRamp:
      return Ramp();
    default:
      return Constant(config_.total_rate_per_s, window_.start_ns);
  }
}

// Multiplied from the start each time: a sum would drift by its rounding.
int64_t ArrivalSchedule::Constant(double rate_per_s, int64_t from_ns) {
  const double index = static_cast<double>(turn_++) * config_.streams + config_.stream;
  return After(from_ns, index * kSecondNs / rate_per_s);
}

int64_t ArrivalSchedule::Poisson() {
  const double stream_rate = config_.total_rate_per_s / config_.streams;
  elapsed_ns_ -= std::log1p(-random_.NextDouble()) * kSecondNs / stream_rate;
  return After(window_.start_ns, elapsed_ns_);
}

// At a rate R t / D the n-th request is due when R t^2 / (2 D) = n; the half puts it in the middle of its share.
int64_t ArrivalSchedule::Ramp() {
  if (!warm_) {
    const int64_t due = Constant(config_.total_rate_per_s * kWarmUpShare, window_.start_ns);
    if (due < window_.begin_ns) return due;
    warm_ = true;
    turn_ = 0;
  }
  const auto duration = static_cast<double>(window_.end_ns - window_.begin_ns);
  const double whole = config_.total_rate_per_s * duration / kSecondNs / 2;
  const double index = static_cast<double>(turn_++) * config_.streams + config_.stream + 0.5;
  if (index > whole) return INT64_MAX;
  return window_.begin_ns + std::llround(duration * std::sqrt(index / whole));
}

}  // namespace assay::loadgen
