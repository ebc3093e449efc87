// Tests broken streams and vanished controllers: no event or record is lost or duplicated, and no process is left
// running.

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/marked_processes.h"
#include "agent/testing/agent_process.h"
#include "agent/testing/job_client.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamsTest : public ::testing::Test {
 protected:
  // Opens a server job and returns its control stream after Ready.
  std::unique_ptr<ControlClient> Serve(const OpenRequest& request) {
    EXPECT_TRUE(OpenJob(agent_.stub(), request).ok());
    auto control = std::make_unique<ControlClient>(agent_.stub(), request.job());
    const ControlEvent ready = control->Next();
    EXPECT_TRUE(ready.has_ready()) << ready.DebugString();
    address_ = ready.ready().address();
    return control;
  }

  // As Serve(), with a short lease that is not renewed. If the machine stalls for longer than the lease before the
  // server is ready, tries again with twice the lease.
  std::unique_ptr<ControlClient> ServeOnAShortLease(OpenRequest* request) {
    for (uint32_t lease_ms = 1'000;; lease_ms *= 2) {
      request->mutable_job()->set_execution_id(absl::StrCat("lease-", lease_ms));
      request->set_lease_ms(lease_ms);
      if (OpenJob(agent_.stub(), *request).ok()) {
        auto control = std::make_unique<ControlClient>(agent_.stub(), request->job());
        if (control->Next().has_ready()) return control;
        EXPECT_TRUE(CloseJob(agent_.stub(), request->job()).ok());
      }
      if (lease_ms > 200'000) {
        ADD_FAILURE() << "not ready within a lease of " << lease_ms << " ms";
        return nullptr;
      }
    }
  }

  // Runs a load job to its end.
  LoadFinished Load(const OpenRequest& request) {
    EXPECT_TRUE(OpenJob(agent_.stub(), request).ok());
    ControlClient control(agent_.stub(), request.job());
    EXPECT_TRUE(control.Next().has_ready());
    control.Start(AgentClock(agent_.stub()));
    const ControlEvent event = control.WaitFor(ControlEvent::kLoadFinished);
    EXPECT_TRUE(event.has_load_finished()) << event.DebugString();
    return event.load_finished();
  }

  AgentProcess agent_;
  std::string address_;
};

TEST_F(StreamsTest, AReattachedControlStreamContinuesWhereTheOldOneBroke) {
  const OpenRequest request = ServerRequest("e", "good");
  std::unique_ptr<ControlClient> first = Serve(request);
  first->Start(AgentClock(agent_.stub()));
  first.reset();
  ControlClient second(agent_.stub(), request.job(), /*after_event=*/1);
  const ControlEvent finished = second.Next();
  EXPECT_TRUE(finished.has_server_finished()) << finished.DebugString();
  EXPECT_EQ(finished.sequence(), 2u);
  // A stream can also read from the beginning, any number of times.
  ControlClient third(agent_.stub(), request.job());
  EXPECT_TRUE(third.Next().has_ready());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(third.Next(), finished));
}

TEST_F(StreamsTest, ANewerControlStreamEndsTheOlder) {
  const OpenRequest request = ServerRequest("e", "good");
  const std::unique_ptr<ControlClient> older = Serve(request);
  ControlClient newer(agent_.stub(), request.job());
  EXPECT_TRUE(newer.Next().has_ready());
  EXPECT_EQ(older->Next().event_case(), ControlEvent::EVENT_NOT_SET);
  EXPECT_EQ(older->Finish().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(StreamsTest, RepliesToAClockQuestionAtOnceWithoutASequenceNumber) {
  const OpenRequest request = ServerRequest("e", "good");
  const std::unique_ptr<ControlClient> control = Serve(request);
  for (uint64_t question = 1; question <= 100; ++question) control->Ask(question);
  int64_t before_ns = 0;
  for (uint64_t question = 1; question <= 100; ++question) {
    const ControlEvent response = control->Next();
    ASSERT_EQ(response.clock_reading().question(), question) << response.DebugString();
    EXPECT_EQ(response.sequence(), 0u);
    EXPECT_GE(response.monotonic_ns(), before_ns);
    before_ns = response.monotonic_ns();
  }
  EXPECT_GE(AgentClock(agent_.stub()), before_ns);
}

TEST_F(StreamsTest, CommandsOutOfOrderEndTheStreamAndSayWhy) {
  const OpenRequest request = ServerRequest("e", "good");
  const std::unique_ptr<ControlClient> control = Serve(request);
  control->Stop();
  EXPECT_EQ(control->Next().event_case(), ControlEvent::EVENT_NOT_SET);
  const grpc::Status status = control->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("not started"));
  ControlClient again(agent_.stub(), request.job());
  EXPECT_TRUE(again.Next().has_ready()) << "the job itself is unchanged";

  ControlClient stranger(agent_.stub(), ServerRequest("none", "good").job());
  EXPECT_EQ(stranger.Next().event_case(), ControlEvent::EVENT_NOT_SET);
  EXPECT_EQ(stranger.Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(StreamsTest, DataReadOverBrokenStreamsIsCompleteWithoutDuplicates) {
  const std::unique_ptr<ControlClient> server = Serve(ServerRequest("e", "good"));
  OpenRequest request = LoadRequest("e", address_);
  SendExactly(2'000, request);
  const LoadFinished finished = Load(request);
  ASSERT_GE(finished.data_records(), 3u);
  std::vector<std::string> whole;
  for (const DataRecord& record : ReadRecords(agent_.stub(), request.job()).records) {
    whole.push_back(record.SerializeAsString());
  }
  ASSERT_EQ(whole.size(), finished.data_records());
  std::vector<std::string> pieces;
  while (pieces.size() < whole.size()) {
    // Each stream reads one record over a new connection.
    const std::unique_ptr<Agent::Stub> stub = agent_.NewStub();
    const DataRead read = ReadRecords(*stub, request.job(), pieces.size() + 1, 1);
    ASSERT_EQ(read.records.size(), 1u);
    EXPECT_EQ(read.records[0].sequence(), pieces.size() + 1);
    pieces.push_back(read.records[0].SerializeAsString());
  }
  EXPECT_EQ(pieces, whole);
}

TEST_F(StreamsTest, DeletesOnlyCommittedRecords) {
  const std::unique_ptr<ControlClient> server = Serve(ServerRequest("e", "good"));
  OpenRequest request = LoadRequest("e", address_);
  SendExactly(2'000, request);
  const LoadFinished finished = Load(request);
  const uint64_t last = finished.data_records();
  const DataRead rest = ReadRecords(agent_.stub(), request.job(), last, UINT64_MAX, last - 1);
  ASSERT_EQ(rest.records.size(), 1u);
  EXPECT_TRUE(rest.records[0].end());
  const DataRead gone = ReadRecords(agent_.stub(), request.job(), 1);
  EXPECT_TRUE(gone.records.empty());
  EXPECT_EQ(gone.status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(StreamsTest, AWaitingReaderSeesTheEndWhenTheJobIsClosed) {
  const OpenRequest request = ServerRequest("e", "good");
  const std::unique_ptr<ControlClient> control = Serve(request);
  DataRead read;
  std::thread reader([&] { read = ReadRecords(*agent_.NewStub(), request.job()); });
  ASSERT_TRUE(CloseJob(agent_.stub(), request.job()).ok());
  reader.join();
  // The reader attached before or after the job was closed.
  EXPECT_TRUE(read.records.empty() ? read.status.error_code() == grpc::StatusCode::NOT_FOUND
                                   : read.records.back().end());
}

// The controller was killed: no stream, no renewal, no Close.
TEST_F(StreamsTest, EndsTheServerWhenAVanishedControllersLeaseExpires) {
  OpenRequest request = ServerRequest("e", "stubborn");
  ServeOnAShortLease(&request).reset();
  EXPECT_THAT(WaitUntilNoneHasMark(agent_.mark()), IsEmpty());
  // The CPU becomes free shortly after the last process has ended.
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (!OpenJob(agent_.stub(), ServerRequest("f", "good")).ok()) {
    ASSERT_LT(absl::Now(), deadline) << "the CPU is still in use";
    absl::SleepFor(absl::Milliseconds(10));
  }
}

TEST_F(StreamsTest, AnAttachedStreamGetsTheLeaseExpiry) {
  OpenRequest request = ServerRequest("e", "good");
  const std::unique_ptr<ControlClient> control = ServeOnAShortLease(&request);
  ASSERT_NE(control, nullptr);
  const ControlEvent event = control->Next();
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::LEASE_EXPIRED);
  EXPECT_THAT(ProcessesWithMark(agent_.mark()), IsEmpty());
  EXPECT_EQ(RenewLease(agent_.stub(), request.job()), 0u);
  EXPECT_EQ(control->Next().event_case(), ControlEvent::EVENT_NOT_SET)
      << "the job is deleted one lease later";
  EXPECT_TRUE(control->Finish().ok());
}

TEST_F(StreamsTest, OneLeaseStreamHoldsSeveralJobs) {
  OpenRequest first = ServerRequest("e", "good");
  first.set_lease_ms(60'000);
  const std::unique_ptr<ControlClient> control = Serve(first);
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  const auto stream = agent_.stub().HoldLease(context.get());
  const JobId stranger = ServerRequest("none", "good").job();
  for (const JobId& job : {first.job(), stranger, first.job()}) {
    LeaseRenewal renewal;
    *renewal.mutable_job() = job;
    LeaseGrant grant;
    ASSERT_TRUE(stream->Write(renewal) && stream->Read(&grant));
    EXPECT_EQ(grant.job().execution_id(), job.execution_id());
    EXPECT_EQ(grant.lease_ms(), job.execution_id() == "e" ? 60'000u : 0u);
  }
  context->TryCancel();
}

// A controller that repeats itself after a broken connection must not start a second server.
TEST_F(StreamsTest, ARepeatedOpenReturnsTheSameJob) {
  const OpenRequest request = ServerRequest("e", "good");
  const std::unique_ptr<ControlClient> control = Serve(request);
  const std::vector<pid_t> processes = ProcessesWithMark(agent_.mark());
  EXPECT_TRUE(OpenJob(agent_.stub(), request).ok());
  EXPECT_EQ(ProcessesWithMark(agent_.mark()), processes);
  OpenRequest other = request;
  other.mutable_server()->set_target("epoll");
  EXPECT_EQ(OpenJob(agent_.stub(), other).error_code(), grpc::StatusCode::ALREADY_EXISTS);
}

}  // namespace
}  // namespace assay::agent
