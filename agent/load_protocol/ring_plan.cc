#include "agent/load_protocol/ring_plan.h"

#include <algorithm>

#include "proto/agent.pb.h"

namespace assay::loadgen {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
// Enough for several seconds of a fast thread, should the agent be kept from draining.
constexpr size_t kDrainedRing = 8 * kMiB;
constexpr size_t kLargestRings = 64 * kMiB;
// Over two seconds of a fast thread.
constexpr size_t kWatchedRing = 4 * kMiB;
// Generous: blocks take 3 to 5 bytes a sample, and no thread reaches this rate with one request on a connection; with
// many it does a million and a half (docs/performance.md).
constexpr double kBytesPerSample = 8;
constexpr double kMostSamplesPerSecond = 400'000;
constexpr int kMostGainOfPipeline = 4;

int Gain(int pipeline) { return std::clamp(pipeline, 1, kMostGainOfPipeline); }

}  // namespace

RingPlan PlanRing(const Window& window, int threads, bool drained_in_window, int pipeline) {
  if (drained_in_window) return {kDrainedRing, false};
  // Any thread may get all requests of a window that is counted in them, or all that it can send in its time.
  const double samples = window.requests() > 0 ? static_cast<double>(window.requests())
                                               : static_cast<double>(window.duration_ns()) / 1e9 *
                                                     kMostSamplesPerSecond * Gain(pipeline);
  const double wanted = samples * kBytesPerSample + static_cast<double>(kMiB);
  const size_t share = std::max(kLargestRings / threads, kMiB);
  if (wanted > static_cast<double>(share)) return {share, false};
  return {static_cast<size_t>(wanted), true};
}

size_t WatchedRingBytes(int pipeline) { return kWatchedRing * static_cast<size_t>(Gain(pipeline)); }

}  // namespace assay::loadgen
