#include "agent/loadgen/recorder.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "agent/load_protocol/ring_drain.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/interval_book.h"
#include "agent/loadgen/load_window.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/sending_periods.h"
#include "analysis/response_counts.h"
#include "analysis/sample_codec.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"
#include "proto/convert/sample_chunk.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kBegin = 5'000'000'123;
constexpr int64_t kSecond = 1'000'000'000;

class RecorderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    recorder_.Begin(SendingPeriods({.begin_ns = kBegin, .end_ns = kBegin + 10 * kSecond}));
  }

  // A request that is sent so long after the window's begin, and how it ends.
  static Flight SentAt(int64_t after_ns) {
    return {.send_ns = kBegin + after_ns, .intended_ns = kBegin + after_ns, .counted = true};
  }
  void Ask(int64_t after_ns, int64_t latency_ns, Outcome outcome = Outcome::kOk, int status = 200) {
    const Flight flight = SentAt(after_ns);
    recorder_.Sent(flight);
    recorder_.Ended(flight, outcome, status, 100, flight.send_ns + latency_ns);
  }
  std::map<uint32_t, IntervalFigures> Seconds() {
    std::map<uint32_t, IntervalFigures> seconds;
    book_.HarvestAll([&](const IntervalFigures& figures) { seconds[figures.second] = figures; });
    return seconds;
  }

  IntervalBook book_{/*slots=*/8, /*keep_seconds=*/2};
  LiveFigures live_;
  std::unique_ptr<SampleRing> ring_ =
      SampleRing::Open(SampleRing::Create(1, 1 << 20)->get()).value();
  Recorder recorder_{/*open_loop=*/false, &book_, &live_, SampleRing::Writer(ring_.get(), 0)};
};

// Two connections that send again 10 us after each response of 90 us, from before the window's begin on.
TEST_F(RecorderTest, AConnectionsRestBetweenResponseAndRequestIsAccountedFor) {
  constexpr int64_t kCycle = 100'000;
  constexpr int64_t kLatency = 90'000;
  for (int64_t at = -50'000; at < 10 * kSecond; at += kCycle) {
    for (int i = 0; i < 2; ++i) {
      Flight flight = SentAt(at);
      flight.counted = at >= 0;
      recorder_.Sent(flight);
    }
    // What is answered in the window's drain was in flight until its end.
    for (int i = 0; i < 2; ++i) {
      recorder_.Ended(SentAt(at), Outcome::kOk, 200, 100, kBegin + at + kLatency);
    }
  }
  recorder_.EndCycles(kBegin + 10 * kSecond);
  recorder_.EndCycles(kBegin + 20 * kSecond);  // The drain goes on.
  recorder_.Flush();
  EXPECT_EQ(recorder_.tally().cycles, 200'000u);
  EXPECT_EQ(recorder_.tally().flight_ns + recorder_.tally().think_ns, 20 * kSecond);
  EXPECT_NEAR(static_cast<double>(recorder_.tally().think_ns), 2e9, 1e5);
}

// A server that answers after 0.8 s leaves nobody at rest, however few cycles the window has.
TEST_F(RecorderTest, ARequestInFlightAtTheEndOfTheWindowIsNoRest) {
  recorder_.Sent(SentAt(0));
  recorder_.Ended(SentAt(0), Outcome::kOk, 200, 100, kBegin + kSecond * 4 / 5);
  recorder_.Sent(SentAt(kSecond * 4 / 5));
  recorder_.EndCycles(kBegin + kSecond);
  EXPECT_EQ(recorder_.tally().think_ns, 0);
  EXPECT_EQ(recorder_.tally().flight_ns, kSecond);
  EXPECT_EQ(recorder_.tally().cycles, 1u);
}

// In slots: between two of them nobody rests, and what is overdue is in flight from the begin of the next.
TEST(RecorderInSlotsTest, CyclesAreCountedWithinEachPeriod) {
  IntervalBook book(/*slots=*/8, /*keep_seconds=*/2);
  LiveFigures live;
  Recorder recorder(/*open_loop=*/false, &book, &live, std::nullopt);
  SlotSchedule slots;
  slots.set_period_ns(3 * kSecond);
  slots.set_slot_ns(kSecond);
  slots.set_count(3);
  slots.add_own(0);
  slots.add_own(2);
  const SendingPeriods periods(slots, kBegin);
  const auto send = [&](int64_t after_ns) {
    const Flight flight = {
        .send_ns = kBegin + after_ns, .intended_ns = kBegin + after_ns, .counted = true};
    recorder.Sent(flight);
    return flight;
  };
  recorder.Begin(periods);
  const Flight first = send(0);
  const Flight overdue = send(0);
  recorder.EndCycles(periods.window(0).end_ns);
  recorder.Ended(first, Outcome::kOk, 200, 100, kBegin + 3 * kSecond / 2);
  recorder.EndPeriod();
  EXPECT_EQ(recorder.tally().flight_ns, 2 * kSecond);
  EXPECT_EQ(recorder.tally().think_ns, 0);
  EXPECT_EQ(recorder.tally().ok_in_window, 0u);

  recorder.BeginPeriod(periods.window(1), /*in_flight=*/1);
  recorder.Ended(overdue, Outcome::kOk, 200, 100, kBegin + 6 * kSecond + kSecond / 4);
  recorder.EndCycles(periods.window(1).end_ns);
  recorder.EndPeriod();
  // One request for a quarter of the second, where two may be in flight.
  EXPECT_EQ(recorder.tally().flight_ns, 2 * kSecond + kSecond / 4);
  EXPECT_EQ(recorder.tally().think_ns, 2 * kSecond - kSecond / 4);
  EXPECT_EQ(recorder.tally().cycles, 1u);
  EXPECT_EQ(recorder.tally().ok_in_window, 1u);
  recorder.Flush();
  book.HarvestAll([](const IntervalFigures& figures) {
    EXPECT_EQ(figures.second, 0u);
    EXPECT_EQ(figures.sent, 2u);
    EXPECT_EQ(figures.ok, 2u);
  });
}

// A server's CPU clock is divided by what it answered, be it of the warm-up, right or late; not by what it did not.
TEST_F(RecorderTest, EveryResponseIsCountedWhenItCame) {
  Flight warm = SentAt(-1'000);
  warm.counted = false;
  recorder_.Sent(warm);
  recorder_.Ended(warm, Outcome::kOk, 200, 100, kBegin + 50'000);
  Ask(1'000, 99'000);
  Ask(1'000, 199'000, Outcome::kUnexpectedStatus, 500);
  Ask(1'000, 299'000, Outcome::kTimeout, 200);
  Ask(1'000, 399'000, Outcome::kTimeout, 0);
  EXPECT_EQ(recorder_.responses_until_now(), 4u);
  recorder_.Flush();
  const ResponseCounts::Parts parts = recorder_.responses().ToParts();
  EXPECT_EQ(ResponsesBetween(parts, kBegin, kBegin + kSecond), 4);
  EXPECT_EQ(ResponsesBetween(parts, kBegin + 150'000, kBegin + kSecond), 2);
}

// Far fewer than a block of samples in each second.
TEST_F(RecorderTest, ASecondHasWhatWasSentInIt) {
  for (int64_t second = 0; second < 5; ++second) {
    for (int64_t i = 0; i <= second; ++i) Ask(second * kSecond + i * 1000, 50'000 + second);
    Ask(second * kSecond + 500'000'000, 70'000, Outcome::kUnexpectedStatus, 500);
  }
  // Sent in the last second, answered in one that sends nothing.
  Ask(5 * kSecond - 1, 2 * kSecond, Outcome::kTimeout, 0);
  recorder_.Flush();
  const auto seconds = Seconds();
  ASSERT_EQ(seconds.size(), 5u);
  for (uint32_t second = 0; second < 5; ++second) {
    const IntervalFigures& figures = seconds.at(second);
    const uint64_t timeouts = second == 4 ? 1 : 0;
    EXPECT_EQ(figures.sent, second + 2u + timeouts) << second;
    EXPECT_EQ(figures.ok, second + 1u) << second;
    EXPECT_EQ(figures.errors, 1u) << second;
    EXPECT_EQ(figures.timeouts, timeouts) << second;
    EXPECT_EQ(figures.latency.count(), second + 1u + timeouts) << second;
    EXPECT_EQ(figures.latency.min_ns(), 50'000 + second) << second;
  }
  const Tally& tally = recorder_.tally();
  EXPECT_EQ(tally.sent, 21u);
  EXPECT_EQ(tally.ok(), 15u);
  EXPECT_EQ(tally.ok_in_window, 15u);
  EXPECT_EQ(tally.errors(), 5u);
  EXPECT_EQ(tally.timeouts(), 1u);
  EXPECT_EQ(tally.bytes_read, 2100u);
  EXPECT_EQ(tally.last_end_ns, kBegin + 7 * kSecond - 1);
  EXPECT_EQ(tally.statuses[200], 15u);
  EXPECT_EQ(tally.statuses[500], 5u);
}

// A second may end within a block: it is counted then, and goes to the ring when the block is full.
TEST_F(RecorderTest, EverySampleGoesToTheRingInOrder) {
  constexpr int64_t kCount = 1000;
  for (int64_t i = 0; i < kCount; ++i) Ask(i * 7'000'000, 1000 + i);
  recorder_.Flush();
  EXPECT_EQ(recorder_.samples_recorded(), static_cast<uint64_t>(kCount));
  std::vector<Sample> samples;
  RingDrain drain(ring_.get());
  ASSERT_TRUE(
      drain
          .Finish([&](const SampleChunk& chunk) { EXPECT_TRUE(DecodeChunk(chunk, &samples).ok()); })
          .ok());
  ASSERT_EQ(samples.size(), static_cast<size_t>(kCount));
  for (int64_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(samples[i].intended_ns, kBegin + i * 7'000'000);
    EXPECT_EQ(samples[i].latency_ns, 1000 + i);
    EXPECT_EQ(samples[i].outcome, SampleOutcome::kOk);
  }
}

TEST_F(RecorderTest, ThoseThatWatchSeeTheSecondsThatAreOver) {
  Ask(1000, 50'000);
  Ask(2000, 50'000);
  EXPECT_EQ(live_.ok.load(), 0u);
  Ask(kSecond + 1000, 50'000);
  Ask(2 * kSecond + 1000, 50'000);
  EXPECT_GE(live_.ok.load(), 2u);
}

TEST_F(RecorderTest, TheWarmUpCountsInNoSecondButItsResponsesInTheWindowDo) {
  Flight flight = SentAt(-1000);
  flight.counted = false;
  recorder_.Sent(flight);
  recorder_.Ended(flight, Outcome::kOk, 200, 100, kBegin + 10);
  recorder_.Flush();
  EXPECT_EQ(recorder_.tally().warmup_requests, 1u);
  EXPECT_EQ(recorder_.tally().ok_in_window, 1u);
  EXPECT_EQ(recorder_.tally().sent, 0u);
  EXPECT_EQ(recorder_.samples_recorded(), 0u);
}

}  // namespace
}  // namespace assay::loadgen
