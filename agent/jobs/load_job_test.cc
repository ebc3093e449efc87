// Several load threads under an agent, with the real load generator against the real server.

#include <dirent.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/testing/agent_process.h"
#include "agent/testing/job_client.h"
#include "analysis/latency_histogram.h"
#include "analysis/sample_codec.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "gmock/gmock.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/sample_chunk.h"
#include "proto/samples.pb.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// On which CPUs each thread of a process may run, as lists.
std::set<std::string> AllowedCpus(int64_t pid) {
  std::set<std::string> lists;
  const std::string folder = absl::StrCat("/proc/", pid, "/task");
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir(folder.c_str()), closedir);
  if (tasks == nullptr) return lists;
  while (const dirent* task = readdir(tasks.get())) {
    const absl::StatusOr<std::string> status =
        ReadFile(absl::StrCat(folder, "/", task->d_name, "/status"));
    if (!status.ok()) continue;
    const std::string key = "Cpus_allowed_list:";
    const size_t at = status->find(key) + key.size();
    lists.insert(
        std::string(absl::StripAsciiWhitespace(status->substr(at, status->find('\n', at) - at))));
  }
  return lists;
}

// What the raw samples of one load thread say.
struct OfThread {
  uint64_t samples = 0;
  uint32_t chunks = 0;
  LatencyHistogram latency;
};

class LoadJobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::vector<int> cpus = CpuSet::AllowedForThisProcess()->cpus();
    if (cpus.size() < 2) GTEST_SKIP() << "two load threads need two CPUs";
    cpus_ = {std::to_string(cpus[0]), std::to_string(cpus[1])};
    OpenRequest server = ServerRequest("e", "epoll");
    ASSERT_TRUE(OpenJob(agent_.stub(), server).ok());
    const ControlEvent ready = ControlClient(agent_.stub(), server.job()).Next();
    ASSERT_TRUE(ready.has_ready()) << ready.DebugString();
    request_ = LoadRequest("e", ready.ready().address());
    request_.mutable_load()->set_threads(2);
    request_.mutable_load()->set_cpus(absl::StrCat(cpus_[0], ",", cpus_[1]));
  }

  // A whole run: what the agent said of it, and by thread what the samples say.
  LoadFinished Run(std::map<uint32_t, OfThread>& threads) {
    EXPECT_TRUE(OpenJob(agent_.stub(), request_).ok());
    ControlClient control(agent_.stub(), request_.job());
    const ControlEvent ready = control.Next();
    EXPECT_TRUE(ready.has_ready()) << ready.DebugString();
    EXPECT_EQ(*CpuSet::Parse(ready.ready().cpus()), *CpuSet::Parse(request_.load().cpus()));
    // Each on its own: two that shared one would be measured as one.
    EXPECT_THAT(AllowedCpus(ready.ready().pid()), IsSupersetOf(cpus_));
    control.Start(AgentClock(agent_.stub()) + 20'000'000);
    const ControlEvent event = control.WaitFor(ControlEvent::kLoadFinished);
    EXPECT_TRUE(event.has_load_finished()) << event.DebugString();
    for (const DataRecord& record : ReadRecords(agent_.stub(), request_.job()).records) {
      if (record.has_samples()) Take(record.samples(), threads[record.samples().thread()]);
    }
    return event.load_finished();
  }

  // Makes the request one of a load in slots: one of warm-up and two that count.
  void SetSlots(uint64_t slot_ns) {
    SlotSchedule& slots = *request_.mutable_load()->mutable_slots();
    slots.Clear();
    slots.set_lead_ns(50'000'000);
    slots.set_period_ns(slot_ns + 50'000'000);
    slots.set_slot_ns(slot_ns);
    slots.set_settle_ns(kSettleNs);
    slots.set_count(5);
    slots.set_warmup_count(1);
    for (const uint32_t index : {0, 2, 3}) slots.add_own(index);
    Window& window = *request_.mutable_load()->mutable_window();
    window.Clear();
    window.set_duration_ns(3 * slot_ns);
  }

  static constexpr uint64_t kSettleNs = 10'000'000;
  AgentProcess agent_;
  std::vector<std::string> cpus_;
  OpenRequest request_;

 private:
  static void Take(const SampleChunk& chunk, OfThread& thread) {
    // None is missing before it.
    EXPECT_EQ(chunk.first_index(), thread.samples);
    EXPECT_EQ(chunk.thread_sequence(), thread.chunks++);
    std::vector<Sample> samples;
    EXPECT_TRUE(DecodeChunk(chunk, &samples).ok());
    thread.samples += samples.size();
    for (const Sample& sample : samples) {
      if (sample.outcome == SampleOutcome::kOk || sample.outcome == SampleOutcome::kTimeout) {
        thread.latency.Record(sample.latency_ns);
      }
    }
  }
};

void ExpectIsSumOf(const LoadFinished& finished, const std::map<uint32_t, OfThread>& threads) {
  EXPECT_EQ(finished.samples_lost(), 0u);
  EXPECT_EQ(finished.sent(),
            finished.ok() + finished.errors() + finished.timeouts() + finished.in_flight());
  ASSERT_EQ(threads.size(), 2u);
  LatencyHistogram merged;
  uint64_t samples = 0;
  for (const auto& [thread, of_thread] : threads) {
    EXPECT_LT(thread, 2u);
    EXPECT_GT(of_thread.samples, 0u);
    samples += of_thread.samples;
    merged.Merge(of_thread.latency);
  }
  EXPECT_EQ(samples, finished.samples_recorded());
  EXPECT_EQ(samples, finished.ok() + finished.errors() + finished.timeouts());
  EXPECT_EQ(merged, *FromProto(finished.latency()));
}

TEST_F(LoadJobTest, TheHistogramOfTwoThreadsIsThatOfAllTheirSamples) {
  SendExactly(2'000, request_);
  std::map<uint32_t, OfThread> threads;
  const LoadFinished finished = Run(threads);
  EXPECT_EQ(finished.ok(), 2'000u);
  EXPECT_EQ(finished.connections(), 4u);
  ExpectIsSumOf(finished, threads);
}

TEST_F(LoadJobTest, TwoThreadsOfAnOpenLoopSendEachItsHalfOfWhatFallsDue) {
  LoadSpec::OpenSpec& open = *request_.mutable_load()->mutable_open();
  open.set_connections(4);
  open.set_rate_per_s(1000);
  // However late the responses are, none is missing.
  request_.mutable_load()->set_timeout_ns(60'000'000'000);
  std::map<uint32_t, OfThread> threads;
  const LoadFinished finished = Run(threads);
  EXPECT_EQ(finished.sent(), 300u);
  ExpectIsSumOf(finished, threads);
  for (const auto& [thread, of_thread] : threads) EXPECT_EQ(of_thread.samples, 150u) << thread;
}

// Its own slots, of those of an interleaved block.
TEST_F(LoadJobTest, InSlotsItRecordsEachOwnSlotAndAllItsSamples) {
  std::map<uint32_t, OfThread> threads;
  LoadFinished finished;
  uint64_t slot_ns = 0;
  // If the machine stalls for longer than the slots, tries again with slots of twice the length.
  const auto has_stalled = [&] {
    return finished.ok() == 0 || finished.warmup_requests() == 0 || threads.size() < 2;
  };
  do {
    if (slot_ns > 0) {
      EXPECT_TRUE(CloseJob(agent_.stub(), request_.job()).ok());
    }
    slot_ns = slot_ns == 0 ? 100'000'000 : 2 * slot_ns;
    SetSlots(slot_ns);
    threads.clear();
    finished = Run(threads);
  } while (has_stalled() && slot_ns < 10'000'000'000);
  EXPECT_GT(finished.ok(), 0u);
  EXPECT_GT(finished.warmup_requests(), 0u);
  EXPECT_EQ(finished.duration_ns(), 2 * (slot_ns - kSettleNs));
  ExpectIsSumOf(finished, threads);
  std::vector<uint32_t> recorded;
  uint64_t sent = 0;
  uint64_t responses = 0;
  for (const DataRecord& record : ReadRecords(agent_.stub(), request_.job()).records) {
    if (!record.has_second()) continue;
    recorded.push_back(record.second().second());
    sent += record.second().sent();
    responses += record.second().slot().responses();
  }
  EXPECT_EQ(recorded, (std::vector<uint32_t>{2, 3}));
  EXPECT_EQ(sent, finished.sent());
  EXPECT_EQ(responses, finished.cpu_responses());
}

TEST_F(LoadJobTest, TwoThreadsAreRefusedOnOneCpu) {
  request_.mutable_load()->set_cpus(cpus_[1]);
  const grpc::Status refused = OpenJob(agent_.stub(), request_);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("2 load threads need a CPU each"));
}

}  // namespace
}  // namespace assay::agent
