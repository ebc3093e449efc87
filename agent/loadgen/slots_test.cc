// Runs in slots: what is sent when, what counts, and what is reported of each slot. RunTestLoad() checks that the counts
// of every run add up.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/sending_periods.h"
#include "agent/loadgen/test_frames.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "agent/loadgen/test_tls.h"
#include "common/monotonic_clock.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kLead = 20 * kMillisecond;
constexpr int64_t kPeriod = 250 * kMillisecond;
constexpr int64_t kSlot = 100 * kMillisecond;
constexpr int64_t kSettle = 10 * kMillisecond;

Reply Hello(const Seen&) { return {TestServer::Ok("hello")}; }

void SleepUntil(int64_t at_ns) {
  for (int64_t left = at_ns - MonotonicNanos(); left > 0; left = at_ns - MonotonicNanos()) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(left));
  }
}

// Two slots of warm-up, then slots that count.
SlotSchedule Slots(const std::vector<uint32_t>& own, uint32_t count) {
  SlotSchedule slots;
  slots.set_lead_ns(kLead);
  slots.set_period_ns(kPeriod);
  slots.set_slot_ns(kSlot);
  slots.set_settle_ns(kSettle);
  slots.set_count(count);
  slots.set_warmup_count(2);
  for (const uint32_t index : own) slots.add_own(index);
  return slots;
}

LoadOptions Gentle(LoadOptions options, double rate_per_s) {
  options.rate_per_s = rate_per_s;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 10'000;
  return options;
}

// Every own slot that counts has a record, and the records add up to the result.
void ExpectSlots(const LoadResult& result, const std::vector<uint32_t>& counted) {
  ASSERT_EQ(result.seconds.size(), counted.size());
  uint64_t ok = 0;
  uint64_t responses = 0;
  int64_t work_ns = 0;
  for (size_t i = 0; i < counted.size(); ++i) {
    const Interval& row = result.seconds[i];
    EXPECT_EQ(row.second, counted[i]);
    ASSERT_TRUE(row.slot.has_value());
    ok += row.slot->ok;
    responses += row.slot->responses;
    work_ns += row.slot->work_ns;
    EXPECT_LE(row.slot->drain_ns, result.longest_drain_ns);
    EXPECT_GE(row.slot->responses, row.slot->ok);
  }
  EXPECT_EQ(ok, result.ok_in_window);
  EXPECT_EQ(responses, result.cpu_responses);
  EXPECT_EQ(work_ns, result.work_ns());
  EXPECT_EQ(result.duration_ns, static_cast<int64_t>(counted.size()) * (kSlot - kSettle));
  EXPECT_EQ(result.outside_seconds, 0u);
}

// The settling time is no part of any figure but the CPU time per request.
TEST(SlotsTest, WarmUpAndSettlingTimeDoNotCount) {
  TestServer server(Hello);
  const LoadOptions options = SlotOptionsFor(server.target(), 4, Slots({0, 2, 4, 5}, 6));
  const int64_t start = MonotonicNanos();
  const TestLoad load = RunTestLoad(options, nullptr, start);
  ExpectSlots(load.result, {2, 4, 5});
  EXPECT_GT(load.result.ok, 0u);
  EXPECT_GT(load.result.warmup_requests, 0u);
  EXPECT_EQ(server.requests(), load.result.sent + load.result.warmup_requests);
  const SendingPeriods periods(*options.slots, start);
  for (const Sample& sample : load.samples) {
    bool in_slot = false;
    for (size_t i = 1; i < periods.count(); ++i) {
      in_slot = in_slot || (sample.intended_ns >= periods.window(i).begin_ns &&
                            sample.intended_ns < periods.window(i).end_ns);
    }
    EXPECT_TRUE(in_slot) << sample.intended_ns - start;
  }
}

TEST(SlotsTest, ThreadsShareEachSlot) {
  TestServer server(Hello);
  LoadOptions options = SlotOptionsFor(server.target(), 4, Slots({1, 3, 4}, 5));
  options.threads = 2;
  options.pipeline = 4;
  const LoadResult result = RunTestLoad(options).result;
  ExpectSlots(result, {3, 4});
  EXPECT_EQ(server.requests(), result.sent + result.warmup_requests);
}

// Nobody sends between slots, and that is no rest of a connection.
TEST(SlotsTest, TheTimeBetweenSlotsIsNoThinkTime) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x"), 3 * kMillisecond}; });
  const LoadResult result =
      RunTestLoad(SlotOptionsFor(server.target(), 3, Slots({0, 2, 4}, 5))).result;
  ExpectSlots(result, {2, 4});
  EXPECT_EQ(result.think_ns + result.flight_ns, 3 * 2 * (kSlot - kSettle));
  EXPECT_LE(result.cycles, 3u * 2 * 31);
}

// The times at which a server had a request in hand.
std::vector<TestServer::Answered> Busy(TestServer& server) {
  server.Kill();
  return server.answered();
}

bool Overlap(const std::vector<TestServer::Answered>& some,
             const std::vector<TestServer::Answered>& others) {
  for (const TestServer::Answered& a : some) {
    for (const TestServer::Answered& b : others) {
      if (a.at_ns - a.delay_ns < b.at_ns && b.at_ns - b.delay_ns < a.at_ns) return true;
    }
  }
  return false;
}

// It is what interleaving is for: the other target's machine time is not touched.
TEST(SlotsTest, GeneratorsInComplementarySlotsNeverHaveRequestsInFlightTogether) {
  for (const bool open_loop : {false, true}) {
    bool undisturbed = false;
    // A machine that stalls for the whole gap between two slots tells nothing; the result says so.
    for (int attempt = 0; attempt < 20 && !undisturbed; ++attempt) {
      const auto slow = [](const Seen&) { return Reply{TestServer::Ok("x"), 2 * kMillisecond}; };
      TestServer servers[2] = {TestServer(slow), TestServer(slow)};
      const std::vector<uint32_t> own[2] = {{0, 3, 5}, {1, 2, 4}};
      LoadResult results[2];
      const int64_t start = MonotonicNanos() + 100 * kMillisecond;
      const auto run = [&](int target) {
        LoadOptions options = SlotOptionsFor(servers[target].target(), 4, Slots(own[target], 6));
        if (open_loop) options = Gentle(options, 1'000);
        results[target] = RunTestLoad(options, nullptr, start).result;
      };
      std::thread other([&] { run(1); });
      run(0);
      other.join();
      undisturbed =
          std::max(results[0].longest_drain_ns, results[1].longest_drain_ns) < kPeriod - kSlot &&
          results[0].overdue_slots + results[1].overdue_slots == 0;
      if (!undisturbed) continue;
      const std::vector<TestServer::Answered> busy = Busy(servers[0]);
      EXPECT_FALSE(busy.empty());
      EXPECT_FALSE(Overlap(busy, Busy(servers[1])));
      EXPECT_GT(std::min(results[0].ok, results[1].ok), 0u);
    }
    EXPECT_TRUE(undisturbed);
  }
}

TEST(SlotsTest, AnOpenLoopOffersItsRateWithinSlots) {
  for (const Pacing pacing : {Pacing::kGentle, Pacing::kSpin}) {
    TestServer server(Hello);
    LoadOptions options = Gentle(SlotOptionsFor(server.target(), 8, Slots({0, 2, 4, 5}, 6)), 2'000);
    options.pacing = pacing;
    options.threads = 2;
    const TestLoad load = RunTestLoad(options);
    ExpectSlots(load.result, {2, 4, 5});
    // 90 ms that count and 10 ms that settle; the first slot is warm-up.
    EXPECT_EQ(load.result.sent, 3u * 180);
    EXPECT_EQ(load.result.warmup_requests, 200u + 3 * 20);
    for (const Interval& row : load.result.seconds) EXPECT_EQ(row.sent, 180u) << row.second;
    EXPECT_EQ(load.result.errors, 0u);
    EXPECT_EQ(server.requests(), 800u);
  }
}

// What is late belongs to the slot in which it was sent, and the slot is reported.
TEST(SlotsTest, ASlowResponseMakesItsSlotOverdue) {
  std::atomic<bool> slow{true};
  TestServer server([&](const Seen& seen) {
    // The first request of slot 2: it is answered in the middle of slot 3, which belongs to nobody here.
    const bool counted = seen.text.rfind("GET /slow", 0) == 0;
    if (counted && slow.exchange(false)) {
      return Reply{TestServer::Ok("late"), kPeriod + kSlot};
    }
    return Hello(seen);
  });
  RequestSpec request;
  request.path = "/slow";
  SlotSchedule slots = Slots({2, 4, 6}, 7);
  slots.set_settle_ns(0);
  const LoadResult result = RunTestLoad(SlotOptionsFor(server.target(), 2, slots, request)).result;
  ASSERT_EQ(result.seconds.size(), 3u);
  EXPECT_GE(result.overdue_slots, 1u);
  EXPECT_GE(result.longest_drain_ns, kPeriod);
  EXPECT_GE(result.seconds[0].slot->overdue, 1u);
  EXPECT_GE(result.seconds[0].slot->drain_ns, kPeriod);
  EXPECT_GE(result.seconds[0].latency.max_ns, kPeriod + kSlot);
  EXPECT_EQ(result.sent, result.ok);
  EXPECT_EQ(result.in_flight, 0u);
}

// A response that never comes must not keep the next slot from its begin.
TEST(SlotsTest, ASlotBeginsAlthoughAnEarlierRequestHasNoResponse) {
  std::atomic<bool> never{true};
  TestServer server([&](const Seen& seen) {
    if (never.exchange(false)) return Reply{"", 3'600'000 * kMillisecond};
    return Hello(seen);
  });
  SlotSchedule slots = Slots({0, 2, 4}, 5);
  slots.set_warmup_count(0);
  slots.set_settle_ns(0);
  LoadOptions options = SlotOptionsFor(server.target(), 2, slots);
  options.timeout_ns = 700 * kMillisecond;  // Until slot 2 is over.
  options.drain_ns = options.timeout_ns;
  const LoadResult result = RunTestLoad(options).result;
  ASSERT_EQ(result.seconds.size(), 3u);
  EXPECT_GE(result.timeouts, 1u);
  EXPECT_GE(result.overdue_slots, 1u);
  // The other connection went on.
  EXPECT_GT(result.seconds[1].ok, 0u);
  EXPECT_EQ(result.in_flight, 0u);
}

// Servers close idle connections. No request is lost by it, not even one that must not be sent twice.
TEST(SlotsTest, ConnectionsThatTheServerClosesBetweenSlotsCostNoError) {
  for (const bool open_loop : {false, true}) {
    TestServer server(Hello);
    RequestSpec post;
    post.method = "POST";
    const SlotSchedule slots = Slots({0, 2, 4, 6}, 7);
    LoadOptions options = SlotOptionsFor(server.target(), 4, slots, post);
    if (open_loop) options = Gentle(options, 1'000);
    const int64_t start = MonotonicNanos();
    const SendingPeriods periods(slots, start);
    const auto close_between_slots = [&] {
      for (size_t i = 0; i < periods.count(); ++i) {
        SleepUntil(periods.window(i).end_ns + (kPeriod - kSlot) / 2);
        server.CloseIdle();
      }
    };
    const TestLoad load = RunTestLoad(options, close_between_slots, start);
    EXPECT_EQ(load.result.errors, 0u) << open_loop;
    EXPECT_EQ(load.result.sent, load.result.ok);
    EXPECT_GT(load.result.ok, 0u);
    EXPECT_GE(load.result.reconnects, 4u);
  }
}

TEST(SlotsTest, EachTransportKeepsToItsSlots) {
  constexpr uint8_t kData = 0;
  constexpr uint8_t kHeaders = 1;
  constexpr uint8_t kSettings = 4;
  TestServer over_http2(
      [&](const Seen& seen) {
        return Reply{Frame(kHeaders, /*END_HEADERS*/ 4, seen.stream, kStatusOk) +
                     Frame(kData, /*END_STREAM*/ 1, seen.stream, "hello")};
      },
      TestServer::Config{.http2_greeting = Frame(kSettings, 0, 0, "")});
  LoadOptions http2 = SlotOptionsFor(over_http2.target(), 2, Slots({0, 2, 4}, 5));
  http2.http2 = true;
  http2.pipeline = 4;
  ExpectSlots(RunTestLoad(http2).result, {2, 4});

  const TestTls tls("IP:127.0.0.1");
  TestServer over_tls(Hello, TestServer::Config{.tls = tls.context()});
  const LoadOptions https = SlotOptionsFor("https://" + over_tls.target(), 2, Slots({0, 2, 4}, 5));
  const LoadResult result = RunTestLoad(https).result;
  ExpectSlots(result, {2, 4});
  EXPECT_GT(result.ok, 0u);
  EXPECT_EQ(result.errors, 0u);
}

// A connection's rest does not last into the next slot.
TEST(SlotsTest, EveryConnectionSendsAtTheBeginOfASlot) {
  TestServer server(Hello);
  SlotSchedule slots = Slots({2, 4, 6}, 7);
  slots.set_settle_ns(0);
  LoadOptions options = SlotOptionsFor(server.target(), 5, slots);
  options.think_ns = 10'000 * kMillisecond;
  const LoadResult result = RunTestLoad(options).result;
  ASSERT_EQ(result.seconds.size(), 3u);
  EXPECT_EQ(result.sent, result.ok);
  // A thread that is late by a whole slot sends nothing in it.
  EXPECT_GE(result.ok, 10u);
  for (const Interval& row : result.seconds) EXPECT_LE(row.sent, 5u) << row.second;
}

TEST(SlotsTest, AStopEndsTheSlotInProgressAndDropsLaterOnes) {
  TestServer server(Hello);
  std::vector<uint32_t> own(1'000);
  std::iota(own.begin(), own.end(), 0);
  SlotSchedule slots = Slots(own, 1'000);
  slots.set_warmup_count(0);
  const LoadOptions options = SlotOptionsFor(server.target(), 2, slots);
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  ASSERT_TRUE(run.ok() && (*run)->Prepare().ok());
  (*run)->Start(MonotonicNanos());
  while (server.requests() < 10) std::this_thread::yield();
  (*run)->Stop();
  const LoadResult result = (*run)->Finish();
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.accounting_error, "");
  EXPECT_EQ(result.in_flight, 0u);
  ASSERT_GE(result.seconds.size(), 1u);
  EXPECT_LT(result.seconds.size(), 1'000u);
  for (size_t i = 0; i < result.seconds.size(); ++i) EXPECT_EQ(result.seconds[i].second, i);
  EXPECT_LE(result.duration_ns, static_cast<int64_t>(result.seconds.size()) * (kSlot - kSettle));
  EXPECT_EQ(result.sent + result.warmup_requests, server.requests());
}

// The thread sleeps, and is woken for it.
TEST(SlotsTest, AStopBetweenSlotsIsNotWaitedFor) {
  TestServer server(Hello);
  SlotSchedule slots = Slots({0, 20'000}, 20'001);
  slots.set_warmup_count(0);
  const LoadOptions options = SlotOptionsFor(server.target(), 2, slots);
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  ASSERT_TRUE(run.ok() && (*run)->Prepare().ok());
  const int64_t start = MonotonicNanos();
  (*run)->Start(start);
  const int64_t first_end = SendingPeriods(slots, start).window(0).end_ns;
  while (MonotonicNanos() < first_end + 200 * kMillisecond) std::this_thread::yield();
  (*run)->Stop();
  const LoadResult result = (*run)->Finish();
  ASSERT_EQ(result.seconds.size(), 1u);
  EXPECT_EQ(result.duration_ns, kSlot - kSettle);
  EXPECT_EQ(result.sent, result.ok);
}

}  // namespace
}  // namespace assay::loadgen
