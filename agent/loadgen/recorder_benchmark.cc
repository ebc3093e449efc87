// What recording a request costs: bazel run //agent/loadgen:recorder_benchmark
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/interval_book.h"
#include "agent/loadgen/load_window.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/sending_periods.h"
#include "analysis/random_stream.h"
#include "analysis/sample_patterns.h"

namespace assay::loadgen {
namespace {

constexpr size_t kCacheLine = 64;

// All that a load thread does for a request in a closed loop, clock reads aside: counted when sent, counted and kept
// when answered. range(0): how many KiB of other memory are touched before each request, as its three system calls do;
// what that costs without recording is to be taken off.
void BM_RecordRequest(benchmark::State& state) {
  RandomStream random(1);
  const std::vector<Sample> samples = ClosedLoopSamples(&random, 65'536);
  std::vector<char> other(static_cast<size_t>(state.range(0)) * 1024 + 1);
  const bool recording = state.range(1) != 0;
  IntervalBook book(/*slots=*/16, /*keep_seconds=*/2);
  LiveFigures live;
  const auto memory = SampleRing::Create(1, size_t{4} << 20);
  const auto ring = SampleRing::Open(memory->get());
  SampleRing::Reader reader(ring->get(), 0);
  Recorder recorder(/*open_loop=*/false, &book, &live, SampleRing::Writer(ring->get(), 0));
  recorder.Begin(SendingPeriods({.begin_ns = samples.front().intended_ns, .end_ns = INT64_MAX}));
  for (auto _ : state) {
    for (const Sample& sample : samples) {
      for (size_t i = 0; i < other.size(); i += kCacheLine) ++other[i];
      if (!recording) continue;
      const Flight flight = {
          .send_ns = sample.intended_ns, .intended_ns = sample.intended_ns, .counted = true};
      recorder.Sent(flight);
      recorder.Ended(flight, Outcome::kOk, 200, 180, sample.intended_ns + sample.latency_ns);
    }
    state.PauseTiming();
    while (reader.Peek()->has_value()) reader.Pop();
    state.ResumeTiming();
  }
  if (recorder.samples_lost() > 0) state.SkipWithError("the ring was full");
  benchmark::DoNotOptimize(other);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(samples.size()));
  state.counters["ns"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(samples.size()) / 1e9,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_RecordRequest)
    ->ArgNames({"KiB", "recording"})
    ->Args({0, 1})
    ->Args({48, 0})
    ->Args({48, 1})
    ->Args({256, 0})
    ->Args({256, 1});

}  // namespace
}  // namespace assay::loadgen

BENCHMARK_MAIN();
