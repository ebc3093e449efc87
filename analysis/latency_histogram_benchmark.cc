// The cost of recording and merging: bazel run //analysis:latency_histogram_benchmark
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "analysis/latency_histogram.h"
#include "analysis/random_stream.h"
#include "analysis/sample_patterns.h"

namespace assay {
namespace {

std::vector<int64_t> Latencies() {
  RandomStream random(1);
  std::vector<int64_t> latencies;
  for (const Sample& sample : ClosedLoopSamples(&random, 65'536)) {
    latencies.push_back(sample.latency_ns);
  }
  return latencies;
}

void BM_Record(benchmark::State& state) {
  const std::vector<int64_t> latencies = Latencies();
  LatencyHistogram histogram;
  for (auto _ : state) {
    for (const int64_t latency : latencies) histogram.Record(latency);
  }
  benchmark::DoNotOptimize(histogram);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(latencies.size()));
}
BENCHMARK(BM_Record);

// Uniform over all magnitudes, so that no bucket stays in the L1 cache.
void BM_RecordAnyMagnitude(benchmark::State& state) {
  RandomStream random(2);
  std::vector<int64_t> latencies(65'536);
  for (int64_t& latency : latencies) {
    latency = static_cast<int64_t>(random.Next() >> (28 + random.Below(36)));
  }
  LatencyHistogram histogram;
  for (auto _ : state) {
    for (const int64_t latency : latencies) histogram.Record(latency);
  }
  benchmark::DoNotOptimize(histogram);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(latencies.size()));
}
BENCHMARK(BM_RecordAnyMagnitude);

// A thousand different histograms. Each covers the range from 1 us to its end: the largest possible histograms.
void BM_MergeAThousand(benchmark::State& state) {
  std::vector<LatencyHistogram> parts(1000);
  for (LatencyHistogram& part : parts) {
    part.Record(int64_t{1000});
    part.Record(LatencyHistogram::kMaxNanos);
  }
  for (auto _ : state) {
    LatencyHistogram all;
    for (const LatencyHistogram& part : parts) all.Merge(part);
    benchmark::DoNotOptimize(all);
  }
}
BENCHMARK(BM_MergeAThousand)->Unit(benchmark::kMillisecond);

// A thousand histograms of a closed loop, as agents send them.
void BM_MergeAThousandTypical(benchmark::State& state) {
  std::vector<LatencyHistogram> parts(1000);
  for (LatencyHistogram& part : parts) {
    for (const int64_t latency : Latencies()) part.Record(latency);
  }
  for (auto _ : state) {
    LatencyHistogram all;
    for (const LatencyHistogram& part : parts) all.Merge(part);
    benchmark::DoNotOptimize(all);
  }
}
BENCHMARK(BM_MergeAThousandTypical)->Unit(benchmark::kMillisecond);

void BM_Quantile(benchmark::State& state) {
  LatencyHistogram histogram;
  for (const int64_t latency : Latencies()) histogram.Record(latency);
  for (auto _ : state) benchmark::DoNotOptimize(histogram.QuantileNanos(0.999));
}
BENCHMARK(BM_Quantile);

}  // namespace
}  // namespace assay

BENCHMARK_MAIN();
