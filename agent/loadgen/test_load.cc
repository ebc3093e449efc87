#include "agent/loadgen/test_load.h"

#include <poll.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/load_protocol/ring_drain.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/load_run.h"
#include "common/monotonic_clock.h"
#include "gtest/gtest.h"
#include "proto/convert/sample_chunk.h"
#include "proto/samples.pb.h"

namespace assay::loadgen {
namespace {

constexpr size_t kRingBytes = size_t{1} << 20;

void ExpectSound(const TestLoad& load) {
  const LoadResult& result = load.result;
  EXPECT_EQ(result.accounting_error, "");
  EXPECT_EQ(result.sent, result.ok + result.errors + result.timeouts + result.in_flight);
  uint64_t named = 0;
  for (const auto& [kind, count] : result.error_kinds) named += count;
  EXPECT_EQ(named, result.errors);
  EXPECT_EQ(std::accumulate(result.outcomes.begin(), result.outcomes.end(), uint64_t{0}),
            result.requests());
  EXPECT_EQ(result.samples_recorded + result.samples_lost, result.requests());
  EXPECT_EQ(result.latency.count(), result.ok + result.timeouts);
  EXPECT_LE(result.service.count(), result.ok + result.timeouts);  // Some were never sent.
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t failed = 0;
  for (const Interval& row : result.seconds) {
    sent += row.sent;
    ok += row.ok;
    failed += row.errors + row.timeouts;
  }
  EXPECT_EQ(sent, result.sent);
  EXPECT_EQ(ok, result.ok);
  EXPECT_EQ(failed, result.errors + result.timeouts);
  if (result.samples_lost > 0) return;
  LatencyHistogram of_samples;
  for (const Sample& sample : load.samples) {
    if (sample.outcome == SampleOutcome::kOk || sample.outcome == SampleOutcome::kTimeout) {
      of_samples.Record(sample.latency_ns);
    }
  }
  EXPECT_EQ(load.samples.size(), result.requests());
  EXPECT_EQ(of_samples, result.latency);
}

}  // namespace

LoadOptions OptionsFor(const std::string& target, int connections, const RequestSpec& request) {
  LoadOptions options;
  absl::StatusOr<TargetAddress> address = TargetAddress::Parse(target);
  EXPECT_TRUE(address.ok()) << address.status();
  options.target = *std::move(address);
  absl::StatusOr<Request> built = Request::Build(request, options.target.authority);
  EXPECT_TRUE(built.ok()) << built.status();
  options.requests.push_back(*std::move(built));
  options.connections = connections;
  options.duration_ns = 200'000'000;
  // Longer than a loaded machine stalls: no request that is answered is given up.
  options.timeout_ns = 60'000'000'000;
  options.drain_ns = 60'000'000'000;
  return options;
}

LoadOptions SlotOptionsFor(const std::string& target, int connections, const SlotSchedule& slots,
                           const RequestSpec& request) {
  LoadOptions options = OptionsFor(target, connections, request);
  options.duration_ns = static_cast<int64_t>(slots.slot_ns()) * slots.own_size();
  options.slots = std::make_shared<const SlotSchedule>(slots);
  return options;
}

TestLoad RunTestLoad(const LoadOptions& options, const std::function<void()>& while_running,
                     int64_t start_ns) {
  TestLoad load;
  const absl::StatusOr<UniqueFd> memory = SampleRing::Create(options.threads, kRingBytes);
  EXPECT_TRUE(memory.ok());
  const absl::StatusOr<std::unique_ptr<SampleRing>> ring = SampleRing::Open(memory->get());
  EXPECT_TRUE(ring.ok());
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, ring->get());
  EXPECT_TRUE(run.ok()) << run.status();
  const absl::Status prepared = (*run)->Prepare();
  EXPECT_TRUE(prepared.ok()) << prepared;
  (*run)->Start(start_ns == 0 ? MonotonicNanos() : start_ns);
  if (while_running) while_running();
  while (!(*run)->ended()) {
    pollfd done{(*run)->done_fd(), POLLIN, 0};
    poll(&done, 1, 1000);
  }
  load.result = (*run)->Finish();
  RingDrain drain(ring->get());
  const absl::Status drained = drain.Finish([&](const SampleChunk& chunk) {
    const absl::Status decoded = DecodeChunk(chunk, &load.samples);
    EXPECT_TRUE(decoded.ok()) << decoded;
  });
  EXPECT_TRUE(drained.ok()) << drained;
  ExpectSound(load);
  return load;
}

}  // namespace assay::loadgen
