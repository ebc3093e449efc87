// Tests load jobs over gRPC, with the real load generator and real servers.

#include <signal.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/telemetry/process_cpu.h"
#include "agent/testing/agent_process.h"
#include "agent/testing/job_client.h"
#include "analysis/latency_histogram.h"
#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/sample_chunk.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;

class LoadRoleTest : public ::testing::Test {
 protected:
  // Starts `target` as the server of execution `e` and returns its address.
  std::string Serve(const std::string& target) {
    const OpenRequest request = ServerRequest("e", target);
    EXPECT_TRUE(OpenJob(agent_.stub(), request).ok());
    ControlClient control(agent_.stub(), request.job());
    const ControlEvent ready = control.Next();
    EXPECT_TRUE(ready.has_ready()) << ready.DebugString();
    return ready.ready().address();
  }

  AgentProcess agent_;
};

// The main purpose of a load job: the controller receives what the socket saw.
TEST_F(LoadRoleTest, ReportsEveryRequestInHistogramIntervalsAndRawSamples) {
  OpenRequest request = LoadRequest("e", Serve("epoll"));
  SendExactly(2'000, request);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const ControlEvent ready = control.Next();
  ASSERT_TRUE(ready.has_ready()) << ready.DebugString();
  EXPECT_EQ(ready.ready().cpus(), request.load().cpus());
  EXPECT_GT(ready.ready().idle_gaps().observed_ns(), 0);
  const int64_t start_ns = AgentClock(agent_.stub()) + 20'000'000;
  control.Start(start_ns);
  const ControlEvent started = control.Next();
  ASSERT_TRUE(started.has_started()) << started.DebugString();
  EXPECT_GE(started.started().lateness_ns(), 0);
  const ControlEvent event = control.Next();
  ASSERT_TRUE(event.has_load_finished()) << event.DebugString();
  const LoadFinished& finished = event.load_finished();
  EXPECT_EQ(finished.sent(), 2'000u);
  EXPECT_EQ(finished.ok(), 2'000u);
  EXPECT_EQ(finished.sent(),
            finished.ok() + finished.errors() + finished.timeouts() + finished.in_flight());
  EXPECT_EQ(finished.connections(), 4u);
  EXPECT_GT(finished.cpu_ns(), 0);
  EXPECT_GE(finished.steal_ns(), 0);
  EXPECT_GE(finished.foreign_ns(), 0);
  EXPECT_EQ(finished.samples_lost(), 0u);

  const DataRead data = ReadRecords(agent_.stub(), request.job());
  EXPECT_TRUE(data.status.ok()) << data.status.error_message();
  ASSERT_EQ(data.records.size(), finished.data_records());
  EXPECT_TRUE(data.records.back().end());
  LatencyHistogram latency;
  uint64_t samples = 0;
  uint64_t sent_by_seconds = 0;
  for (const DataRecord& record : data.records) {
    sent_by_seconds += record.second().sent();
    if (!record.has_samples()) continue;
    std::vector<Sample> decoded;
    ASSERT_TRUE(DecodeChunk(record.samples(), &decoded).ok());
    samples += decoded.size();
    for (const Sample& sample : decoded) {
      EXPECT_GE(sample.intended_ns, start_ns);
      if (sample.outcome == SampleOutcome::kOk) latency.Record(sample.latency_ns);
    }
  }
  EXPECT_EQ(samples, finished.samples_recorded());
  EXPECT_EQ(sent_by_seconds, finished.sent());
  EXPECT_EQ(latency, *FromProto(finished.latency()));
}

TEST_F(LoadRoleTest, SendsOnlyIntervalsWithoutRawSamples) {
  OpenRequest request = LoadRequest("e", Serve("good"));
  request.mutable_load()->set_raw_samples(false);
  SendExactly(500, request);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  ASSERT_TRUE(control.Next().has_ready());
  control.Start(AgentClock(agent_.stub()));
  const ControlEvent event = control.WaitFor(ControlEvent::kLoadFinished);
  ASSERT_TRUE(event.has_load_finished()) << event.DebugString();
  EXPECT_EQ(event.load_finished().ok(), 500u);
  for (const DataRecord& record : ReadRecords(agent_.stub(), request.job()).records) {
    EXPECT_FALSE(record.has_samples());
  }
}

TEST_F(LoadRoleTest, StopEndsTheWindowEarly) {
  OpenRequest request = LoadRequest("e", Serve("good"));
  request.mutable_load()->mutable_window()->set_duration_ns(3'600'000'000'000);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  ASSERT_TRUE(control.Next().has_ready());
  control.Start(AgentClock(agent_.stub()));
  ASSERT_TRUE(control.WaitFor(ControlEvent::kStarted).has_started());
  control.Stop();
  const ControlEvent event = control.Next();
  ASSERT_TRUE(event.has_load_finished()) << event.DebugString();
}

TEST_F(LoadRoleTest, RefusesADestinationBeyondLoopbackWithARemedy) {
  const grpc::Status refused = OpenJob(agent_.stub(), LoadRequest("e", "192.0.2.1:80"));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), HasSubstr("--allow-destination=192.0.2.1"));
}

TEST_F(LoadRoleTest, MoreThreadsThanCpusAreRefused) {
  OpenRequest request = LoadRequest("e", "127.0.0.1:9");
  request.mutable_load()->set_threads(4);
  const grpc::Status refused = OpenJob(agent_.stub(), request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("load.threads"));
}

TEST_F(LoadRoleTest, AFailedConnectionNamesTheDestination) {
  const std::string address = Serve("good");
  ASSERT_TRUE(CloseJob(agent_.stub(), ServerRequest("e", "good").job()).ok());
  OpenRequest request = LoadRequest("e", address);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const ControlEvent event = control.Next();
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::CONNECT_FAILED);
  EXPECT_THAT(event.failure().message(), HasSubstr(address));
  const DataRead data = ReadRecords(agent_.stub(), request.job());
  ASSERT_EQ(data.records.size(), 1u);
  EXPECT_TRUE(data.records[0].end()) << "the reader gets the end mark";
}

TEST_F(LoadRoleTest, VerifiesAServerThatNoAgentStarted) {
  OpenRequest request = LoadRequest("f", Serve("good"));
  request.mutable_load()->set_verify_first(true);
  request.mutable_load()->mutable_workload()->mutable_expect()->set_body("Good day");
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const ControlEvent event = control.Next();
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::WRONG_ANSWER);
  EXPECT_THAT(event.failure().difference(), HasSubstr("Hello"));
}

TEST_F(LoadRoleTest, BothJobsReportAServerThatCrashesUnderLoad) {
  const OpenRequest server = ServerRequest("e", "crash_midrun");
  ASSERT_TRUE(OpenJob(agent_.stub(), server).ok());
  ControlClient server_control(agent_.stub(), server.job());
  const std::string address = server_control.Next().ready().address();
  OpenRequest load = LoadRequest("e", address);
  SendExactly(2'500, load);
  load.mutable_load()->set_timeout_ns(1'000'000'000);
  ASSERT_TRUE(OpenJob(agent_.stub(), load).ok());
  ControlClient load_control(agent_.stub(), load.job());
  ASSERT_TRUE(load_control.Next().has_ready());
  load_control.Start(AgentClock(agent_.stub()));
  const ControlEvent crash = server_control.Next();
  ASSERT_TRUE(crash.has_failure()) << crash.DebugString();
  EXPECT_EQ(crash.failure().kind(), Failure::CRASHED);
  EXPECT_EQ(crash.failure().ended(), "signal 11 (SIGSEGV)");
  EXPECT_THAT(crash.failure().last_output(), HasSubstr("cannot go on like this"));
  const ControlEvent end = load_control.WaitFor(ControlEvent::kLoadFinished);
  if (end.has_load_finished()) {
    EXPECT_GT(end.load_finished().errors(), 0u) << end.DebugString();
  } else {
    EXPECT_TRUE(end.has_failure());
  }
}

// The samples that a killed load generator has recorded must not be lost.
TEST_F(LoadRoleTest, ReportsAKilledLoadGeneratorAndKeepsItsSamples) {
  OpenRequest request = LoadRequest("e", Serve("good"));
  request.mutable_load()->mutable_window()->set_duration_ns(3'600'000'000'000);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const ControlEvent ready = control.Next();
  ASSERT_TRUE(ready.has_ready());
  control.Start(AgentClock(agent_.stub()));
  ASSERT_TRUE(control.Next().has_started());
  // In CPU time, so that it has sent thousands of requests however busy the machine is.
  const pid_t pid = static_cast<pid_t>(ready.ready().pid());
  const int64_t until_ns = *ProcessCpuNanos(pid) + 300'000'000;
  while (*ProcessCpuNanos(pid) < until_ns) AgentClock(agent_.stub());
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  const ControlEvent event = control.Next();
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::CRASHED);
  EXPECT_EQ(event.failure().ended(), "signal 9 (SIGKILL)");
  const DataRead data = ReadRecords(agent_.stub(), request.job());
  EXPECT_TRUE(data.status.ok());
  uint64_t samples = 0;
  for (const DataRecord& record : data.records) samples += record.samples().count();
  EXPECT_GT(samples, 0u);
}

// A million samples take 4 MB when packed. An agent that used more memory would not be usable for long runs.
TEST_F(LoadRoleTest, AMillionSamplesKeepTheAgentBelow150Megabytes) {
  OpenRequest request = LoadRequest("e", Serve("epoll"));
  request.mutable_load()->mutable_closed()->set_connections(64);
  SendExactly(1'000'000, request);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  ASSERT_TRUE(control.Next().has_ready());
  control.Start(AgentClock(agent_.stub()));
  ControlEvent event = control.WaitFor(ControlEvent::kLoadFinished);
  ASSERT_TRUE(event.has_load_finished()) << event.DebugString();
  EXPECT_EQ(event.load_finished().sent(), 1'000'000u);
  EXPECT_EQ(event.load_finished().samples_lost(), 0u);
  uint64_t samples = 0;
  for (const DataRecord& record : ReadRecords(agent_.stub(), request.job()).records) {
    samples += record.samples().count();
  }
  EXPECT_EQ(samples, event.load_finished().samples_recorded());
  const std::string status = *ReadFile(absl::StrCat("/proc/", agent_.pid(), "/status"));
  const size_t peak = status.find("VmHWM:");
  ASSERT_NE(peak, std::string::npos);
  const long kilobytes = atol(status.c_str() + peak + 6);
  RecordProperty("agent_peak_rss_kilobytes", static_cast<int>(kilobytes));
  EXPECT_LT(kilobytes, 150 * 1024);
}

}  // namespace
}  // namespace assay::agent
