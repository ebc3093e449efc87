#include "analysis/sample_patterns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace assay {
namespace {

// A time some hours after boot.
constexpr int64_t kBegin = 43'210'123'456'789;

int64_t Exponential(RandomStream* random, double mean) {
  return static_cast<int64_t>(-mean * std::log1p(-random->NextDouble()));
}

SampleOutcome RarelyWrong(RandomStream* random) {
  if (random->Below(100'000) != 0) return SampleOutcome::kOk;
  return static_cast<SampleOutcome>(1 + random->Below(7));
}

}  // namespace

std::vector<Sample> ClosedLoopSamples(RandomStream* random, int count, int connections,
                                      int64_t service_ns) {
  std::vector<int64_t> sent(connections, kBegin);
  std::vector<Sample> samples;
  samples.reserve(count);
  int64_t now = kBegin;
  // A server handles the ready connections of each epoll call: nearly first come, first served.
  size_t oldest = 0;
  while (samples.size() < static_cast<size_t>(count)) {
    now += service_ns * 3 / 4 + Exponential(random, static_cast<double>(service_ns) / 4);
    if (random->Below(20'000) == 0)
      now += 1'000'000 + static_cast<int64_t>(random->Below(1'000'000));
    const size_t ahead = random->Below(std::max(1, connections / 8));
    const size_t next = (oldest + ahead) % sent.size();
    std::swap(sent[oldest], sent[next]);
    samples.push_back({.intended_ns = sent[oldest],
                       .latency_ns = now - sent[oldest],
                       .outcome = RarelyWrong(random)});
    sent[oldest] = now + 500 + static_cast<int64_t>(random->Below(500));
    oldest = (oldest + 1) % sent.size();
  }
  return samples;
}

std::vector<Sample> OpenLoopSamples(RandomStream* random, int count, double rate_per_s,
                                    int64_t base_ns) {
  std::vector<Sample> samples;
  samples.reserve(count);
  int64_t due = kBegin;
  for (int i = 0; i < count; ++i) {
    due += Exponential(random, 1e9 / rate_per_s);
    const int64_t latency = base_ns + Exponential(random, static_cast<double>(base_ns));
    samples.push_back({.intended_ns = due, .latency_ns = latency, .outcome = RarelyWrong(random)});
  }
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) {
    return a.intended_ns + a.latency_ns < b.intended_ns + b.latency_ns;
  });
  return samples;
}

std::vector<Sample> ArbitrarySamples(RandomStream* random, int count) {
  constexpr std::array<int64_t, 6> kExtremes = {
      0, 1, -1, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), kBegin};
  const auto draw = [&](int64_t before) -> int64_t {
    switch (random->Below(4)) {
      case 0:
        return kExtremes[random->Below(kExtremes.size())];
      case 1:
        return before;
      default:
        return static_cast<int64_t>(random->Next() >> random->Below(64));
    }
  };
  std::vector<Sample> samples;
  samples.reserve(count);
  Sample sample;
  for (int i = 0; i < count; ++i) {
    sample.intended_ns = draw(sample.intended_ns);
    sample.latency_ns = draw(sample.latency_ns);
    sample.outcome = static_cast<SampleOutcome>(random->Below(8));
    samples.push_back(sample);
  }
  return samples;
}

}  // namespace assay
