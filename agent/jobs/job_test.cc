#include "agent/jobs/job.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/jobs/job_table.h"
#include "agent/testing/scripted_job.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

class JobTest : public testing::Test {
 protected:
  static OpenRequest Request(const std::string& execution) {
    OpenRequest request;
    request.mutable_job()->set_execution_id(execution);
    request.mutable_job()->set_role(JobId::LOAD);
    request.set_lease_ms(10'000);
    request.mutable_load()->set_destination("127.0.0.1:9");
    return request;
  }

  // A job that has begun; `prepare` may change it before.
  ScriptedJob& Begin(const std::function<void(ScriptedJob&)>& prepare = [](ScriptedJob&) {}) {
    auto strand = std::make_unique<ManualStrand>();
    strand_ = strand.get();
    job_ = std::make_shared<ScriptedJob>(Request("e"), std::move(strand));
    job_->calls = &calls_;
    prepare(*job_);
    job_->Begin([this] { ++gone_; });
    strand_->Run();
    return *job_;
  }

  std::vector<std::string> EventKinds() const {
    std::vector<std::string> kinds;
    uint64_t after = 0;
    while (const std::optional<ControlEvent> event = job_->events().Next(after)) {
      after = event->sequence();
      EXPECT_EQ(after, kinds.size() + 1);
      const auto* const field = event->GetReflection()->GetOneofFieldDescriptor(
          *event, event->GetDescriptor()->FindOneofByName("event"));
      kinds.push_back(field->name());
    }
    return kinds;
  }

  Failure LastFailure() const {
    Failure failure;
    uint64_t after = 0;
    while (const std::optional<ControlEvent> event = job_->events().Next(after++)) {
      if (event->has_failure()) failure = event->failure();
    }
    return failure;
  }

  using Words = std::vector<std::string>;

  Words calls_;
  int gone_ = 0;
  std::shared_ptr<ScriptedJob> job_;
  ManualStrand* strand_ = nullptr;
};

TEST_F(JobTest, LivesFromOpenToClose) {
  ScriptedJob& job = Begin();
  EXPECT_TRUE(job.Start(42).ok());
  strand_->Run();
  EXPECT_TRUE(job.Stop().ok());
  strand_->Run();
  int closed = 0;
  job.Close([&closed] { ++closed; });
  strand_->Run();
  EXPECT_EQ(calls_, (Words{"admit", "launch", "begin 42", "end", "release"}));
  EXPECT_EQ(EventKinds(), (Words{"ready", "load_finished"}));
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(job.events().ended());
}

// Its controller says everything again after a broken stream.
TEST_F(JobTest, CommandsSaidAgainChangeNothing) {
  ScriptedJob& job = Begin();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(job.Start(42 + i).ok());
  strand_->Run();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(job.Stop().ok());
    strand_->Run();
    EXPECT_TRUE(job.Start(50).ok());
  }
  int closed = 0;
  for (int i = 0; i < 2; ++i) job.Close([&closed] { ++closed; });
  strand_->Run();
  EXPECT_EQ(calls_, (Words{"admit", "launch", "begin 42", "end", "release"}));
  EXPECT_EQ(closed, 2);
  EXPECT_EQ(gone_, 1);
}

TEST_F(JobTest, RefusesToStartBeforeItIsReadyAndToStopBeforeItIsStarted) {
  ScriptedJob& job = Begin([](ScriptedJob& one) { one.ready_at_once = false; });
  EXPECT_TRUE(absl::IsFailedPrecondition(job.Start(42)));
  EXPECT_TRUE(absl::IsFailedPrecondition(job.Stop()));
  job.ReportReady(Ready());
  EXPECT_TRUE(absl::IsFailedPrecondition(job.Stop()));
  EXPECT_TRUE(job.Start(43).ok());
  strand_->Run();
  EXPECT_EQ(calls_.back(), "begin 43");
}

TEST_F(JobTest, WhatIsRefusedWasNeverThere) {
  absl::Status response;
  Begin([&response](ScriptedJob& one) {
    one.admission = absl::NotFoundError("no such target");
    one.OnAdmitted([&response](const absl::Status& decided) { response = decided; });
  });
  EXPECT_EQ(response, absl::NotFoundError("no such target"));
  EXPECT_EQ(calls_, (Words{"admit", "release at once"}));
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(EventKinds().empty());
}

TEST_F(JobTest, EveryOpenOfAPartGetsTheSameResponse) {
  int responses = 0;
  ScriptedJob& job = Begin([&responses](ScriptedJob& one) {
    one.OnAdmitted(
        [&responses](const absl::Status& decided) { responses += decided.ok() ? 1 : 0; });
  });
  job.OnAdmitted([&responses](const absl::Status& decided) { responses += decided.ok() ? 1 : 0; });
  EXPECT_EQ(responses, 2);
}

// Who hears of the failure may count on the CPUs.
TEST_F(JobTest, ReleasesWhatItHadBeforeItTellsOfAFailure) {
  ScriptedJob& job = Begin();
  struct Occupant : StreamSlot::Occupant {
    explicit Occupant(const Words& words) : calls(words) {}
    void OnChange() override { released_first = calls.back() == "release at once"; }
    void OnReplaced() override {}
    const Words& calls;
    bool released_first = false;
  } occupant(calls_);
  job.events().slot().Take(&occupant);
  Failure failure;
  failure.set_kind(Failure::CRASHED);
  job.ReportFailure(failure);
  job.events().slot().Leave(&occupant);
  EXPECT_TRUE(occupant.released_first);
  EXPECT_EQ(LastFailure().kind(), Failure::CRASHED);
}

// A controller would read none of the event, and wait for it.
TEST_F(JobTest, WhatItTellsIsUtf8) {
  ScriptedJob& job = Begin();
  Failure failure;
  failure.set_message("Content-Type: text/\xff");
  failure.set_last_output("caf\xc3");
  job.ReportFailure(failure);
  EXPECT_EQ(LastFailure().message(), "Content-Type: text/\xef\xbf\xbd");
  EXPECT_EQ(LastFailure().last_output(), "caf\xef\xbf\xbd");
}

TEST_F(JobTest, AFailureIsTheEndOfItButForEventsAndData) {
  ScriptedJob& job = Begin();
  ASSERT_TRUE(job.Start(42).ok());
  strand_->Run();
  Failure failure;
  failure.set_kind(Failure::CRASHED);
  job.ReportFailure(failure);
  job.ReportFailure(failure);
  job.ReportFinished(LoadFinished());
  EXPECT_TRUE(job.Stop().ok());
  strand_->Run();
  EXPECT_EQ(EventKinds(), (Words{"ready", "failure"}));
  EXPECT_EQ(job.spool().last(), 2u) << "what Release() recorded, and the end mark";
  EXPECT_FALSE(job.events().ended());
  EXPECT_EQ(gone_, 0);
  job.Close([] {});
  strand_->Run();
  EXPECT_EQ(calls_, (Words{"admit", "launch", "begin 42", "release at once"}));
  EXPECT_EQ(gone_, 1);
}

TEST_F(JobTest, ALeaseThatIsRenewedLastsForEver) {
  ScriptedJob& job = Begin();
  for (int i = 0; i < 100; ++i) {
    strand_->Advance(9 * kSecondNs);
    EXPECT_EQ(job.RenewLease(), 10'000u);
  }
  EXPECT_EQ(EventKinds(), Words{"ready"});
}

TEST_F(JobTest, ALeaseThatRunsOutStopsThePartAndForgetsItALeaseLater) {
  ScriptedJob& job = Begin();
  ASSERT_TRUE(job.Start(42).ok());
  strand_->Advance(5 * kSecondNs);
  ASSERT_EQ(job.RenewLease(), 10'000u);
  strand_->Advance(10 * kSecondNs - 1);
  EXPECT_EQ(EventKinds(), Words{"ready"});
  EXPECT_FALSE(job.unwanted());
  strand_->Advance(1);
  EXPECT_EQ(LastFailure().kind(), Failure::LEASE_EXPIRED);
  EXPECT_EQ(calls_.back(), "release at once");
  EXPECT_TRUE(job.unwanted());
  EXPECT_EQ(job.RenewLease(), 0u) << "what was stopped does not come back";
  strand_->Advance(10 * kSecondNs - 1);
  EXPECT_EQ(gone_, 0) << "its data may still be read";
  strand_->Advance(1);
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(job.events().ended());
}

TEST_F(JobTest, AFailedPartIsForgottenTwoLeasesAfterTheLastRenewal) {
  ScriptedJob& job = Begin();
  job.ReportFailure(Failure());
  strand_->Advance(10 * kSecondNs);
  EXPECT_EQ(gone_, 0);
  strand_->Advance(10 * kSecondNs);
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(EventKinds(), (Words{"ready", "failure"})) << "one failure is enough";
}

TEST_F(JobTest, EventsAreStampedWithTheTimeOfTheStrand) {
  ScriptedJob& job = Begin([](ScriptedJob& one) { one.ready_at_once = false; });
  strand_->Advance(3 * kSecondNs);
  job.ReportReady(Ready());
  EXPECT_EQ(job.events().Next(0)->monotonic_ns(), strand_->NowNanos());
}

class JobTableTest : public JobTest {
 protected:
  JobTableTest() {
    table_ = JobTable::Create([this](const OpenRequest& request) {
      auto strand = std::make_unique<ManualStrand>();
      strand_ = strand.get();
      job_ = std::make_shared<ScriptedJob>(request, std::move(strand));
      job_->calls = &calls_;
      ++made_;
      return job_;
    });
  }

  absl::Status Open(const OpenRequest& request) {
    absl::Status response = absl::UnknownError("no response");
    table_->Open(request, [&response](const absl::Status& decided) { response = decided; });
    strand_->Run();
    return response;
  }

  int made_ = 0;
  std::shared_ptr<JobTable> table_;
};

TEST_F(JobTableTest, OpeningAgainWithTheSameContentsIsHarmless) {
  EXPECT_TRUE(Open(Request("e")).ok());
  EXPECT_TRUE(Open(Request("e")).ok());
  EXPECT_EQ(made_, 1);
  OpenRequest other = Request("e");
  other.set_lease_ms(20'000);
  EXPECT_TRUE(absl::IsAlreadyExists(Open(other)));
  EXPECT_TRUE(Open(Request("f")).ok());
  EXPECT_EQ(made_, 2);
}

TEST_F(JobTableTest, APartThatWasClosedIsNotFoundAndCanBeClosedAgain) {
  ASSERT_TRUE(Open(Request("e")).ok());
  EXPECT_TRUE(table_->Find(Request("e").job()).ok());
  int closed = 0;
  table_->Close(Request("e").job(), [&closed] { ++closed; });
  strand_->Run();
  EXPECT_TRUE(absl::IsNotFound(table_->Find(Request("e").job()).status()));
  table_->Close(Request("e").job(), [&closed] { ++closed; });
  EXPECT_EQ(closed, 2);
}

// Each has a thread and descriptors from the moment that it is asked for.
TEST_F(JobTableTest, MorePartsThanTheLimitAreRefusedUntilOneIsClosed) {
  std::vector<std::shared_ptr<ScriptedJob>> jobs;
  std::vector<ManualStrand*> strands;
  table_ = JobTable::Create(
      [&](const OpenRequest& request) {
        auto strand = std::make_unique<ManualStrand>();
        strands.push_back(strand.get());
        jobs.push_back(std::make_shared<ScriptedJob>(request, std::move(strand)));
        jobs.back()->calls = &calls_;
        return jobs.back();
      },
      /*most_jobs=*/3);
  const auto open = [this](const OpenRequest& request) {
    std::optional<absl::Status> response;
    table_->Open(request, [&response](const absl::Status& decided) { response = decided; });
    return response;
  };
  // None of them is admitted yet: its strand does not run.
  for (const char* execution : {"a", "b", "c"}) open(Request(execution));
  const std::optional<absl::Status> refused = open(Request("d"));
  ASSERT_TRUE(refused.has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(*refused)) << *refused;
  EXPECT_EQ(jobs.size(), 3u);
  open(Request("a"));
  EXPECT_EQ(jobs.size(), 3u) << "one that is there is found";
  table_->Close(Request("a").job(), [] {});
  strands[0]->Run();
  open(Request("d"));
  EXPECT_EQ(jobs.size(), 4u);
  for (ManualStrand* strand : strands) strand->Run();
}

TEST_F(JobTableTest, WhatAPartNeedsAndIsNotToBeHadRefusesIt) {
  table_ = JobTable::Create([](const OpenRequest&) -> absl::StatusOr<std::shared_ptr<Job>> {
    return absl::ResourceExhaustedError("no thread");
  });
  absl::Status response;
  table_->Open(Request("e"), [&response](const absl::Status& decided) { response = decided; });
  EXPECT_TRUE(absl::IsResourceExhausted(response)) << response;
  EXPECT_TRUE(table_->CloseAll(absl::ZeroDuration()));
}

TEST_F(JobTableTest, ShuttingDownRefusesNewParts) {
  EXPECT_TRUE(table_->CloseAll(absl::ZeroDuration()));
  EXPECT_TRUE(absl::IsUnavailable([this] {
    absl::Status response;
    table_->Open(Request("e"), [&response](const absl::Status& decided) { response = decided; });
    return response;
  }()));
}

}  // namespace
}  // namespace assay::agent
