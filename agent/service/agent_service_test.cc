// Tests the service over real connections with scripted jobs: flow control and the end of streams, which a real load
// generator would reach only after hours.

#include "agent/service/agent_service.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/jobs/job_table.h"
#include "agent/service/agent_server.h"
#include "agent/service/data_stream.h"
#include "agent/testing/job_client.h"
#include "agent/testing/scripted_job.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

class AgentServiceTest : public ::testing::Test {
 protected:
  // No stream reaches this limit of an hour.
  explicit AgentServiceTest(int64_t silence_ns = 3'600'000'000'000)
      : errands_(*ThreadStrand::Create()) {
    jobs_ = JobTable::Create([this](const OpenRequest& request) {
      job_ = std::make_shared<ScriptedJob>(request, *ThreadStrand::Create());
      job_->calls = &calls_;
      return job_;
    });
    service_ = std::make_unique<AgentService>(
        jobs_,
        [] {
          AgentDescription description;
          description.set_host("here");
          return description;
        },
        *errands_,
        AgentService::Limits{.connections = {.most = 16, .most_from_one_host = 16},
                             .streams = {.most = 4, .silence_ns = silence_ns}});
    auto server =
        AgentServer::Start({"127.0.0.1", 0}, grpc::InsecureServerCredentials(), *service_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ =
        Agent::NewStub(grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  ~AgentServiceTest() override {
    EXPECT_TRUE(jobs_->CloseAll(absl::Seconds(60)));
    job_.reset();
  }

  // Opens a job with `records` records.
  OpenRequest OpenWith(uint64_t records) {
    const OpenRequest request = LoadRequest("e", "127.0.0.1:9");
    EXPECT_TRUE(OpenJob(*stub_, request).ok());
    Add(records);
    return request;
  }

  void Add(uint64_t records) {
    for (uint64_t i = 0; i < records; ++i) {
      DataRecord record;
      record.mutable_samples()->set_payload(std::string(1'000, 'x'));
      EXPECT_TRUE(job_->spool().Append(std::move(record)).ok());
    }
  }

  std::vector<std::string> calls_;
  std::shared_ptr<ScriptedJob> job_;
  std::shared_ptr<JobTable> jobs_;
  const std::unique_ptr<Strand> errands_;
  std::unique_ptr<AgentService> service_;
  std::unique_ptr<AgentServer> server_;
  std::unique_ptr<Agent::Stub> stub_;
};

// A slow reader must not be flooded.
TEST_F(AgentServiceTest, SendsAtMost64RecordsBeyondTheLastReceived) {
  const OpenRequest request = OpenWith(1'000);
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  const auto stream = stub_->ReadData(context.get());
  DataRequest ask;
  *ask.mutable_job() = request.job();
  stream->Write(ask);
  DataRecord record;
  for (uint64_t i = 1; i <= DataStream::kAhead; ++i) {
    ASSERT_TRUE(stream->Read(&record));
    EXPECT_EQ(record.sequence(), i);
  }
  // There is no 65th record yet: acknowledging one record brings exactly one more.
  ask.Clear();
  ask.set_received(1);
  stream->Write(ask);
  ASSERT_TRUE(stream->Read(&record));
  EXPECT_EQ(record.sequence(), DataStream::kAhead + 1);
  ask.set_received(DataStream::kAhead + 1);
  ask.set_committed(DataStream::kAhead);
  stream->Write(ask);
  for (uint64_t i = 2; i <= DataStream::kAhead + 1; ++i) {
    ASSERT_TRUE(stream->Read(&record));
    EXPECT_EQ(record.sequence(), DataStream::kAhead + i);
  }
  EXPECT_EQ(job_->spool().committed(), DataStream::kAhead);
  EXPECT_EQ(stream->Write(ask), true);
  context->TryCancel();
}

TEST_F(AgentServiceTest, AWaitingReaderGetsLaterRecords) {
  const OpenRequest request = OpenWith(0);
  DataRead read;
  std::thread reader([&] { read = ReadRecords(*stub_, request.job()); });
  for (int i = 0; i < 300; ++i) Add(1);
  job_->spool().End();
  reader.join();
  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  ASSERT_EQ(read.records.size(), 301u);
  for (size_t i = 0; i < read.records.size(); ++i) EXPECT_EQ(read.records[i].sequence(), i + 1);
}

TEST_F(AgentServiceTest, ANewerReaderEndsTheOlder) {
  const OpenRequest request = OpenWith(3);
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  const auto older = stub_->ReadData(context.get());
  DataRequest ask;
  *ask.mutable_job() = request.job();
  older->Write(ask);
  DataRecord record;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(older->Read(&record));
  EXPECT_EQ(ReadRecords(*stub_, request.job(), 1, 3).records.size(), 3u);
  EXPECT_FALSE(older->Read(&record));
  EXPECT_EQ(older->Finish().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(AgentServiceTest, RefusesToCommitRecordsThatWereNotSent) {
  const OpenRequest request = OpenWith(3);
  const DataRead read = ReadRecords(*stub_, request.job(), 1, UINT64_MAX, /*commit=*/4);
  EXPECT_EQ(read.status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(AgentServiceTest, CloseEndsEveryStreamOfTheJob) {
  const OpenRequest request = OpenWith(1);
  ControlClient control(*stub_, request.job());
  EXPECT_TRUE(control.Next().has_ready());
  DataRead read;
  std::thread reader([&] { read = ReadRecords(*stub_, request.job()); });
  EXPECT_TRUE(CloseJob(*stub_, request.job()).ok());
  reader.join();
  EXPECT_EQ(control.Next().event_case(), ControlEvent::EVENT_NOT_SET);
  EXPECT_TRUE(control.Finish().ok());
  // The reader may have attached before or after Close.
  if (read.status.ok()) {
    ASSERT_EQ(read.records.size(), 3u) << "its own, the one of Release(), the end mark";
    EXPECT_TRUE(read.records.back().end());
  } else {
    EXPECT_EQ(read.status.error_code(), grpc::StatusCode::NOT_FOUND);
  }
}

TEST_F(AgentServiceTest, RefusesAWrongRequestBeforeItCreatesAJob) {
  OpenRequest request = LoadRequest("e", "127.0.0.1:9");
  request.mutable_load()->mutable_closed()->set_connections(0);
  const grpc::Status refused = OpenJob(*stub_, request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), ::testing::HasSubstr("load.closed.connections"));
  EXPECT_EQ(job_, nullptr);
}

TEST_F(AgentServiceTest, DescribeDoesNotBlockGrpcsThreads) {
  AgentDescription description;
  ASSERT_TRUE(stub_->Describe(NewContext().get(), DescribeRequest(), &description).ok());
  EXPECT_EQ(description.host(), "here");
}

// A stream takes about 14 KB; 5,000 streams take 70 MB.
TEST_F(AgentServiceTest, RefusesTooManyStreamsUntilSomeEnd) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReaderWriter<LeaseRenewal, LeaseGrant>>> streams;
  LeaseRenewal renewal;
  LeaseGrant grant;
  for (int i = 0; i < 4; ++i) {
    contexts.push_back(NewContext());
    streams.push_back(stub_->HoldLease(contexts.back().get()));
    ASSERT_TRUE(streams.back()->Write(renewal) && streams.back()->Read(&grant));
  }
  {
    const auto context = NewContext();
    const auto fifth = stub_->HoldLease(context.get());
    EXPECT_FALSE(fifth->Read(&grant));
    EXPECT_EQ(fifth->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  const OpenRequest request = OpenWith(1);
  EXPECT_EQ(ReadRecords(*stub_, request.job()).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  ControlClient control(*stub_, request.job());
  EXPECT_EQ(control.Next().event_case(), ControlEvent::EVENT_NOT_SET);
  EXPECT_EQ(control.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& stream : streams) {
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }
  // The stream's slot becomes free shortly after its end was reported.
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (true) {
    const auto context = NewContext();
    const auto again = stub_->HoldLease(context.get());
    if (again->Write(renewal) && again->Read(&grant)) break;
    ASSERT_LT(absl::Now(), deadline) << "the stream slots are still in use";
  }
}

class SilentStreamsTest : public AgentServiceTest {
 protected:
  SilentStreamsTest() : AgentServiceTest(/*silence_ns=*/1'000'000) {}
};

TEST_F(SilentStreamsTest, EndsAStreamThatDoesNotNameItsJob) {
  const auto lease_context = NewContext();
  const auto lease = stub_->HoldLease(lease_context.get());
  const auto control_context = NewContext();
  const auto control = stub_->Control(control_context.get());
  const auto data_context = NewContext();
  const auto data = stub_->ReadData(data_context.get());
  EXPECT_EQ(lease->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(control->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(data->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

// Shutdown must not wait for streams that nobody reads.
TEST_F(AgentServiceTest, ShutdownEndsUnreadStreams) {
  const OpenRequest request = OpenWith(1'000);
  ControlClient control(*stub_, request.job());
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  const auto stream = stub_->ReadData(context.get());
  DataRequest ask;
  *ask.mutable_job() = request.job();
  stream->Write(ask);
  server_->Shutdown();
  DataRecord record;
  while (stream->Read(&record)) {
  }
  EXPECT_FALSE(stream->Finish().ok());
}

}  // namespace
}  // namespace assay::agent
