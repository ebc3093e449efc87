// The cost of a raw sample in time and bytes: bazel run //analysis:sample_codec_benchmark
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analysis/crc32c.h"
#include "analysis/random_stream.h"
#include "analysis/sample_codec.h"
#include "analysis/sample_patterns.h"

namespace assay {
namespace {

// One chunk. The benchmark's argument is the number of connections of a closed loop, or zero for an open loop.
std::vector<Sample> Samples(const benchmark::State& state) {
  RandomStream random(1);
  const auto connections = static_cast<int>(state.range(0));
  return connections == 0 ? OpenLoopSamples(&random, kMaxChunkSamples)
                          : ClosedLoopSamples(&random, kMaxChunkSamples, connections);
}

std::string Encoded(absl::Span<const Sample> samples) {
  std::string payload(kMaxBlockBytes * (samples.size() / kBlockSamples + 1), '\0');
  auto* at = reinterpret_cast<uint8_t*>(payload.data());
  for (size_t begin = 0; begin < samples.size(); begin += kBlockSamples) {
    at += EncodeBlock(samples.subspan(begin, kBlockSamples), samples[0].intended_ns, at);
  }
  payload.resize(at - reinterpret_cast<uint8_t*>(payload.data()));
  return payload;
}

void Report(benchmark::State& state, size_t bytes, size_t samples) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(samples));
  state.counters["bytes/sample"] = static_cast<double>(bytes) / static_cast<double>(samples);
}

void BM_EncodeBlocks(benchmark::State& state) {
  const std::vector<Sample> samples = Samples(state);
  std::vector<uint8_t> block(kMaxBlockBytes);
  const absl::Span<const Sample> all(samples);
  for (auto _ : state) {
    for (size_t begin = 0; begin < all.size(); begin += kBlockSamples) {
      benchmark::DoNotOptimize(
          EncodeBlock(all.subspan(begin, kBlockSamples), all[0].intended_ns, block.data()));
      benchmark::ClobberMemory();
    }
  }
  Report(state, Encoded(samples).size(), samples.size());
}

void BM_DecodeBlocks(benchmark::State& state) {
  const std::vector<Sample> samples = Samples(state);
  const std::string payload = Encoded(samples);
  std::vector<Sample> decoded;
  for (auto _ : state) {
    decoded.clear();
    benchmark::DoNotOptimize(
        DecodeBlocks(payload, kMaxChunkSamples, samples[0].intended_ns, &decoded).ok());
  }
  Report(state, payload.size(), samples.size());
}

void BM_EncodePlanes(benchmark::State& state) {
  const std::vector<Sample> samples = Samples(state);
  for (auto _ : state) benchmark::DoNotOptimize(EncodePlanes(samples, samples[0].intended_ns));
  Report(state, EncodePlanes(samples, samples[0].intended_ns)->size(), samples.size());
}

void BM_DecodePlanes(benchmark::State& state) {
  const std::vector<Sample> samples = Samples(state);
  const std::string payload = EncodePlanes(samples, samples[0].intended_ns).value();
  std::vector<Sample> decoded;
  for (auto _ : state) {
    decoded.clear();
    benchmark::DoNotOptimize(
        DecodePlanes(payload, kMaxChunkSamples, samples[0].intended_ns, &decoded).ok());
  }
  Report(state, payload.size(), samples.size());
}

#define ASSAY_LOADS ->Arg(0)->Arg(64)->Arg(250)->Arg(750)
BENCHMARK(BM_EncodeBlocks) ASSAY_LOADS;
BENCHMARK(BM_DecodeBlocks) ASSAY_LOADS;
BENCHMARK(BM_EncodePlanes) ASSAY_LOADS;
BENCHMARK(BM_DecodePlanes) ASSAY_LOADS;

void BM_Crc32c(benchmark::State& state) {
  const std::string bytes(state.range(0), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Crc32c)->Arg(300'000);

void BM_Crc32cPortably(benchmark::State& state) {
  const std::string bytes(state.range(0), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ExtendCrc32cPortably(0, bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Crc32cPortably)->Arg(300'000);

}  // namespace
}  // namespace assay

BENCHMARK_MAIN();
