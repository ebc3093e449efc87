#include "controller/clients/job_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/testing/manual_clock.h"
#include "common/testing/wait_until.h"
#include "controller/clients/agent_client.h"
#include "controller/clients/fake_agent.h"

namespace assay::controller {
namespace {

constexpr absl::Duration kLease = absl::Seconds(60);

int64_t Deadline() { return Clock::Real().After(kTestTimeout); }

class JobClientTest : public ::testing::Test {
 protected:
  JobClientTest() : client_(*AgentClient::Create(agent_.address(), TlsFiles())) {}

  // A client whose leases and timeouts follow `clock`, which the test advances.
  std::unique_ptr<AgentClient> ClientWith(Clock& clock) {
    return *AgentClient::Create(agent_.address(), TlsFiles(), clock);
  }

  std::unique_ptr<JobClient> OpenJob(const std::string& execution = "e1") {
    return OpenJob(*client_, execution);
  }
  static std::unique_ptr<JobClient> OpenJob(AgentClient& client,
                                            const std::string& execution = "e1") {
    OpenRequest request;
    request.mutable_job()->set_execution_id(execution);
    request.mutable_job()->set_role(JobId::LOAD);
    request.mutable_load();
    request.set_lease_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(kLease)));
    absl::StatusOr<std::unique_ptr<JobClient>> job = JobClient::Open(client, request);
    EXPECT_TRUE(job.ok()) << job.status();
    return *std::move(job);
  }

  static ControlEvent ReadyEvent(const std::string& address) {
    ControlEvent event;
    event.mutable_ready()->set_address(address);
    return event;
  }
  static ControlEvent FailureEvent(const std::string& message) {
    ControlEvent event;
    event.mutable_failure()->set_kind(Failure::CRASHED);
    event.mutable_failure()->set_message(message);
    event.mutable_failure()->set_last_output("out of luck");
    return event;
  }

  FakeAgent agent_;
  std::unique_ptr<AgentClient> client_;
};

TEST_F(JobClientTest, ReceivesAllEventsWhenTheStreamBreaksAfterEachEvent) {
  agent_.BreakControlAfter(1, 3);
  agent_.AddEvent(ReadyEvent("127.0.0.1:9"));
  ControlEvent started;
  started.mutable_started()->set_lateness_ns(7);
  agent_.AddEvent(started);
  ControlEvent finished;
  finished.mutable_load_finished()->set_sent(11);
  agent_.AddEvent(finished);
  const auto job = OpenJob();
  const int64_t deadline = Deadline();
  const auto ready = job->WaitReady(deadline);
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(ready->address(), "127.0.0.1:9");
  const auto start = job->WaitStarted(deadline);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_EQ(start->lateness_ns(), 7);
  const auto ended = job->WaitLoadFinished(deadline);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->sent(), 11);
}

TEST_F(JobClientTest, ReceivesEachRecordOnceWhenTheDataStreamBreaks) {
  for (uint32_t second = 0; second < 100; ++second) {
    DataRecord record;
    record.mutable_second()->set_second(second);
    agent_.AddRecord(record);
  }
  DataRecord end;
  end.set_end(true);
  agent_.AddRecord(end);
  agent_.BreakDataAfter(7, 5);
  const auto job = OpenJob();
  std::vector<uint32_t> seconds;
  const absl::Status read = job->ReadData(
      [&](const DataRecord& record) {
        seconds.push_back(record.second().second());
        return absl::OkStatus();
      },
      Deadline());
  ASSERT_TRUE(read.ok()) << read;
  ASSERT_EQ(seconds.size(), 100);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(seconds[i], i);
}

TEST_F(JobClientTest, ReadDataReturnsTheErrorOfTheConsumer) {
  DataRecord record;
  record.mutable_second();
  agent_.AddRecord(record);
  DataRecord end;
  end.set_end(true);
  agent_.AddRecord(end);
  const auto job = OpenJob();
  const absl::Status read = job->ReadData(
      [](const DataRecord&) { return absl::ResourceExhaustedError("disk full"); }, Deadline());
  EXPECT_EQ(read, absl::ResourceExhaustedError("disk full"));
}

// Otherwise the agent deletes records that the store does not have yet.
TEST_F(JobClientTest, CommitsNoRecordBeforeItIsSecured) {
  for (int i = 0; i < 40; ++i) {
    DataRecord record;
    record.mutable_second();
    agent_.AddRecord(record);
  }
  DataRecord end;
  end.set_end(true);
  agent_.AddRecord(end);
  const auto job = OpenJob();
  int consumed = 0;
  std::vector<int> secured;
  std::vector<uint64_t> committed;
  const absl::Status read = job->ReadData(
      [&](const DataRecord&) {
        ++consumed;
        return absl::OkStatus();
      },
      [&] {
        committed.push_back(agent_.committed());
        secured.push_back(consumed);
        return secured.size() < 3 ? absl::OkStatus() : absl::ResourceExhaustedError("disk full");
      },
      Deadline());
  EXPECT_EQ(read, absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(secured, std::vector<int>({16, 32, 40}));
  // Each commit covers at most the records secured before it.
  EXPECT_EQ(committed[0], 0);
  EXPECT_LE(committed[1], 16);
  EXPECT_LE(committed[2], 32);
  EXPECT_LE(agent_.committed(), 32);
}

TEST_F(JobClientTest, ReadDataWithoutSecureCommitsNothing) {
  for (int i = 0; i < 20; ++i) {
    DataRecord record;
    record.mutable_profile();
    agent_.AddRecord(record);
  }
  DataRecord end;
  end.set_end(true);
  agent_.AddRecord(end);
  const auto job = OpenJob();
  const auto take = [](const DataRecord&) { return absl::OkStatus(); };
  ASSERT_TRUE(job->ReadData(take, Deadline()).ok());
  EXPECT_EQ(agent_.committed(), 0);
}

// Otherwise a wait would miss the lost event.
TEST_F(JobClientTest, AMissingEventFailsTheJobAndNamesTheAgent) {
  ControlEvent event = ReadyEvent("127.0.0.1:9");
  event.set_sequence(2);
  agent_.AddNumberedEvent(event);
  const auto job = OpenJob();
  const auto ready = job->WaitReady(Deadline());
  EXPECT_EQ(ready.status().code(), absl::StatusCode::kDataLoss) << ready.status();
  EXPECT_NE(ready.status().message().find(agent_.address()), absl::string_view::npos);
  EXPECT_NE(ready.status().message().find("event 1"), absl::string_view::npos) << ready.status();
}

TEST_F(JobClientTest, TooManyEventsFailTheJobAndNameTheAgent) {
  for (int i = 0; i < 100; ++i) {
    ControlEvent started;
    started.mutable_started()->set_lateness_ns(i);
    agent_.AddEvent(started);
  }
  const auto job = OpenJob();
  const auto finished = job->WaitLoadFinished(Deadline());
  EXPECT_EQ(finished.status().code(), absl::StatusCode::kResourceExhausted) << finished.status();
  EXPECT_NE(finished.status().message().find(agent_.address()), absl::string_view::npos);
}

TEST_F(JobClientTest, AMissingRecordFailsReadDataAndNamesTheAgent) {
  DataRecord record;
  record.mutable_second();
  record.set_sequence(2);
  agent_.AddNumberedRecord(record);
  DataRecord end;
  end.set_sequence(3);
  end.set_end(true);
  agent_.AddNumberedRecord(end);
  const auto job = OpenJob();
  const absl::Status read =
      job->ReadData([](const DataRecord&) { return absl::OkStatus(); }, Deadline());
  EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss) << read;
  EXPECT_NE(read.message().find(agent_.address()), absl::string_view::npos) << read;
}

TEST_F(JobClientTest, AWaitReturnsTheFailureWithTheLastOutput) {
  const auto job = OpenJob();
  agent_.AddEvent(FailureEvent("the server crashed"));
  const auto ready = job->WaitReady(Deadline());
  ASSERT_FALSE(ready.ok());
  const std::optional<Failure> failure = FailureOfStatus(ready.status());
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->kind(), Failure::CRASHED);
  EXPECT_EQ(failure->last_output(), "out of luck");
  EXPECT_NE(ready.status().message().find(agent_.address()), absl::string_view::npos);
}

TEST_F(JobClientTest, AFailureCallsTheCallback) {
  const auto job = OpenJob();
  const auto other = OpenJob("e2");
  job->WhenFailed([&other](const absl::Status& why) { other->Abandon(why); });
  agent_.AddEvent(FailureEvent("the server crashed"), "e1");
  // The log of this job is empty: only the failure of the first job can end the wait.
  const absl::Status ended = other->WaitLoadFinished(Deadline()).status();
  EXPECT_NE(ended.message().find("the server crashed"), absl::string_view::npos) << ended;
  job->WhenFailed(nullptr);
}

TEST_F(JobClientTest, AFailureCallsNoRemovedCallback) {
  const auto job = OpenJob();
  const auto other = OpenJob("e2");
  bool called = false;
  job->WhenFailed([&called](const absl::Status&) { called = true; });
  job->WhenFailed(nullptr);
  agent_.AddEvent(FailureEvent("the server crashed"), "e1");
  EXPECT_FALSE(job->WaitReady(Deadline()).ok());
  agent_.AddEvent(ReadyEvent("127.0.0.1:9"), "e2");
  EXPECT_TRUE(other->WaitReady(Deadline()).ok());
  EXPECT_FALSE(called);
}

TEST_F(JobClientTest, AnAgentThatDisappearsFailsTheJobWhenTheLeaseExpires) {
  ManualClock clock;
  const auto client = ClientWith(clock);
  const auto job = OpenJob(*client);
  agent_.Vanish();
  clock.Advance(kLease);
  const auto ready = job->WaitReady(clock.After(kTestTimeout));
  EXPECT_EQ(ready.status().code(), absl::StatusCode::kUnavailable) << ready.status();
}

// A host that loses power does not break its streams.
TEST_F(JobClientTest, AnAgentThatStopsGrantingLeasesIsLostWhileItsStreamsStayOpen) {
  ManualClock clock;
  const auto client = ClientWith(clock);
  const auto job = OpenJob(*client);
  agent_.GrantNoLease();
  clock.Advance(kLease - absl::Nanoseconds(1));
  EXPECT_TRUE(job->failure().ok()) << job->failure();
  clock.Advance(absl::Nanoseconds(1));
  const auto ready = job->WaitReady(clock.After(kTestTimeout));
  EXPECT_EQ(ready.status().code(), absl::StatusCode::kUnavailable) << ready.status();
  EXPECT_NE(ready.status().message().find("granted no lease"), absl::string_view::npos)
      << ready.status();
  // ReadData() ends too.
  const absl::Status read =
      job->ReadData([](const DataRecord&) { return absl::OkStatus(); }, clock.After(kTestTimeout));
  EXPECT_EQ(read, ready.status());
}

TEST_F(JobClientTest, AWaitEndsAtItsDeadlineAndNamesTheExpectedEvent) {
  ManualClock clock;
  const auto client = ClientWith(clock);
  const auto job = OpenJob(*client);
  const absl::Duration timeout = kLease / 2;
  const int64_t deadline_ns = clock.After(timeout);
  std::thread time([&] { clock.Advance(timeout); });
  const absl::Status ended = job->WaitStarted(deadline_ns).status();
  time.join();
  EXPECT_EQ(ended.code(), absl::StatusCode::kDeadlineExceeded) << ended;
  EXPECT_NE(ended.message().find("started"), absl::string_view::npos) << ended;
}

TEST_F(JobClientTest, AbandonEndsAWaitWithTheGivenError) {
  const auto job = OpenJob();
  std::thread other([&] { job->Abandon(absl::AbortedError("interrupted by SIGINT")); });
  const auto ready = job->WaitReady(Deadline());
  other.join();
  EXPECT_EQ(ready.status(), absl::AbortedError("interrupted by SIGINT"));
}

TEST_F(JobClientTest, AClockReadingLiesBetweenTheQuestionAndTheReply) {
  const auto job = OpenJob();
  const int64_t before = MonotonicNanos();
  const auto reading = job->ReadClock(5, Deadline());
  const int64_t after = MonotonicNanos();
  ASSERT_TRUE(reading.ok()) << reading.status();
  // The fake agent and the client use the same clock.
  EXPECT_GE(reading->agent_ns, before);
  EXPECT_LE(reading->agent_ns, after);
  EXPECT_LE(std::abs(reading->agent_ns - reading->here_ns), reading->round_trip_ns);
}

TEST_F(JobClientTest, RepeatsCommandsWhenTheStreamBreaks) {
  agent_.BreakControlAfter(0, 1);
  const auto job = OpenJob();
  job->Start(42);
  ControlEvent started;
  started.mutable_started();
  agent_.AddEvent(started);
  ASSERT_TRUE(job->WaitStarted(Deadline()).ok());
  ASSERT_TRUE(WaitUntil([&] { return !agent_.commands().empty(); }));
  EXPECT_EQ(agent_.commands().back().start().start_ns(), 42);
}

// Two renewals may be lost on the network.
TEST_F(JobClientTest, RenewsTheLeaseThreeTimesBeforeItExpires) {
  ManualClock clock;
  const auto client = ClientWith(clock);
  const auto job = OpenJob(*client);
  for (int renewals = 1; renewals <= 6; ++renewals) {
    ASSERT_TRUE(WaitUntil([&] { return agent_.renewals() >= renewals; }))
        << agent_.renewals() << " renewals after " << renewals - 1 << " thirds of the lease";
    clock.Advance(kLease / 3);
  }
  // Twice the length of the lease has passed, with a renewal in each third.
  EXPECT_TRUE(job->failure().ok()) << job->failure();
}

TEST_F(JobClientTest, TheDestructorClosesTheJobAtTheAgent) {
  OpenJob().reset();
  EXPECT_EQ(agent_.closed(), 1);
}

TEST_F(JobClientTest, ARefusedOpenKeepsTheStatusCodeAndNamesTheAgent) {
  agent_.RefuseOpen({grpc::StatusCode::NOT_FOUND, "no target 'x'; there are epoll, hyper"});
  OpenRequest request;
  request.mutable_server();
  const auto job = JobClient::Open(*client_, request);
  EXPECT_EQ(job.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(job.status().message().find("there are epoll, hyper"), absl::string_view::npos);
  EXPECT_NE(job.status().message().find(agent_.address()), absl::string_view::npos);
}

TEST(AgentClientTest, AnUnreachableAgentIsReportedWithTheCommandThatStartsIt) {
  const auto client = AgentClient::Create("127.0.0.1:1", TlsFiles());
  ASSERT_TRUE(client.ok());
  const auto description = (*client)->Describe(absl::Minutes(1));
  EXPECT_EQ(description.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(description.status().message().find("agent --listen=127.0.0.1:1"),
            absl::string_view::npos);
}

TEST(AgentClientTest, AbandonEndsACallWithoutAReply) {
  FakeAgent agent;
  absl::Notification asked;
  absl::Notification ended;
  agent.SetDescribeHook([&] {
    asked.Notify();
    ended.WaitForNotification();
  });
  const auto client = AgentClient::Create(agent.address(), TlsFiles());
  ASSERT_TRUE(client.ok());
  std::thread other([&] {
    asked.WaitForNotification();
    (*client)->Abandon();
  });
  EXPECT_EQ((*client)->Describe(absl::Hours(1)).status().code(), absl::StatusCode::kCancelled);
  ended.Notify();
  other.join();
  EXPECT_EQ((*client)->Describe(absl::Hours(1)).status().code(), absl::StatusCode::kCancelled);
}

TEST(AgentClientTest, RefusesMalformedAddressesAndNamesThem) {
  for (const std::string address :
       {"localhost", "localhost:", ":7700", "localhost:http", "localhost:7700x", "localhost:-1",
        "localhost:+1", "localhost:0", "localhost:65536", "localhost:99999999999", "::1:7700",
        "[::1]", "[::1:7700", "[localhost]:7700", "http://localhost:7700", "local host:7700"}) {
    const absl::Status refused = AgentClient::Create(address, TlsFiles()).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << address << ": " << refused;
    EXPECT_NE(refused.message().find("'" + address + "': expected HOST:PORT"),
              absl::string_view::npos)
        << refused;
  }
}

TEST(AgentClientTest, AcceptsAddressesOfEveryKind) {
  for (const std::string address :
       {"localhost:1", "127.0.0.1:65535", "[::1]:7700", "[fe80::1%eth0]:7700"}) {
    EXPECT_TRUE(AgentClient::Create(address, TlsFiles()).ok()) << address;
  }
  EXPECT_EQ((*AgentClient::Create("[::1]:7700", TlsFiles()))->host(), "::1");
}

TEST(AgentClientTest, RefusesTlsWithoutAKey) {
  EXPECT_EQ(AgentClient::Create("localhost:1", TlsFiles{"ca.pem", "cert.pem", ""}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// gRPC accepts any file, and then every connection fails with a message that does not name the file.
TEST(AgentClientTest, RefusesAFileThatIsNotACertificateAndNamesItBeforeConnecting) {
  const std::string certificate = ::testing::TempDir() + "cert.pem";
  const std::string other = ::testing::TempDir() + "other.txt";
  ASSERT_TRUE(WriteFileAtomically(certificate, "-----BEGIN CERTIFICATE-----\n").ok());
  ASSERT_TRUE(WriteFileAtomically(other, "no PEM\n").ok());
  const absl::Status wrong =
      AgentClient::Create("localhost:1", TlsFiles{certificate, other, other}).status();
  EXPECT_EQ(wrong.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(wrong.message().find("--tls-cert: " + other), absl::string_view::npos) << wrong;
  const absl::Status missing =
      AgentClient::Create("localhost:1", TlsFiles{certificate, certificate, "/nowhere/key.pem"})
          .status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(missing.message().find("--tls-key"), absl::string_view::npos) << missing;
  EXPECT_NE(missing.message().find("/nowhere/key.pem"), absl::string_view::npos) << missing;
}

TEST(AgentClientTest, EstimatesTheClockOfTheSameHostWithinItsUncertainty) {
  FakeAgent agent;
  const auto client = AgentClient::Create(agent.address(), TlsFiles());
  ASSERT_TRUE(client.ok());
  const auto clock = (*client)->EstimateClock(16);
  ASSERT_TRUE(clock.ok()) << clock.status();
  EXPECT_LE(std::abs(clock->offset_ns), clock->uncertainty_ns);
}

}  // namespace
}  // namespace assay::controller
