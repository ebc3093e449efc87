#include "agent/parts/part.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/parts/part_table.h"
#include "agent/testing/scripted_part.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

class PartTest : public testing::Test {
 protected:
  static OpenRequest Request(const std::string& execution) {
    OpenRequest request;
    request.mutable_part()->set_execution_id(execution);
    request.mutable_part()->set_role(PartId::LOAD);
    request.set_lease_ms(10'000);
    request.mutable_load()->set_destination("127.0.0.1:9");
    return request;
  }

  // A part that has begun; `prepare` may change it before.
  ScriptedPart& Begin(const std::function<void(ScriptedPart&)>& prepare = [](ScriptedPart&) {}) {
    auto strand = std::make_unique<ManualStrand>();
    strand_ = strand.get();
    part_ = std::make_shared<ScriptedPart>(Request("e"), std::move(strand));
    part_->calls = &calls_;
    prepare(*part_);
    part_->Begin([this] { ++gone_; });
    strand_->Run();
    return *part_;
  }

  std::vector<std::string> EventKinds() const {
    std::vector<std::string> kinds;
    uint64_t after = 0;
    while (const std::optional<ControlEvent> event = part_->events().Next(after)) {
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
    while (const std::optional<ControlEvent> event = part_->events().Next(after++)) {
      if (event->has_failure()) failure = event->failure();
    }
    return failure;
  }

  using Words = std::vector<std::string>;

  Words calls_;
  int gone_ = 0;
  std::shared_ptr<ScriptedPart> part_;
  ManualStrand* strand_ = nullptr;
};

TEST_F(PartTest, LivesFromOpenToClose) {
  ScriptedPart& part = Begin();
  EXPECT_TRUE(part.Start(42).ok());
  strand_->Run();
  EXPECT_TRUE(part.Stop().ok());
  strand_->Run();
  int closed = 0;
  part.Close([&closed] { ++closed; });
  strand_->Run();
  EXPECT_EQ(calls_, (Words{"admit", "launch", "begin 42", "end", "release"}));
  EXPECT_EQ(EventKinds(), (Words{"ready", "load_finished"}));
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(part.events().ended());
}

// Its controller says everything again after a broken stream.
TEST_F(PartTest, CommandsSaidAgainChangeNothing) {
  ScriptedPart& part = Begin();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(part.Start(42 + i).ok());
  strand_->Run();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(part.Stop().ok());
    strand_->Run();
    EXPECT_TRUE(part.Start(50).ok());
  }
  int closed = 0;
  for (int i = 0; i < 2; ++i) part.Close([&closed] { ++closed; });
  strand_->Run();
  EXPECT_EQ(calls_, (Words{"admit", "launch", "begin 42", "end", "release"}));
  EXPECT_EQ(closed, 2);
  EXPECT_EQ(gone_, 1);
}

TEST_F(PartTest, RefusesToStartBeforeItIsReadyAndToStopBeforeItIsStarted) {
  ScriptedPart& part = Begin([](ScriptedPart& one) { one.ready_at_once = false; });
  EXPECT_TRUE(absl::IsFailedPrecondition(part.Start(42)));
  EXPECT_TRUE(absl::IsFailedPrecondition(part.Stop()));
  part.ReportReady(Ready());
  EXPECT_TRUE(absl::IsFailedPrecondition(part.Stop()));
  EXPECT_TRUE(part.Start(43).ok());
  strand_->Run();
  EXPECT_EQ(calls_.back(), "begin 43");
}

TEST_F(PartTest, WhatIsRefusedWasNeverThere) {
  absl::Status answer;
  Begin([&answer](ScriptedPart& one) {
    one.admission = absl::NotFoundError("no such target");
    one.OnAdmitted([&answer](const absl::Status& decided) { answer = decided; });
  });
  EXPECT_EQ(answer, absl::NotFoundError("no such target"));
  EXPECT_EQ(calls_, (Words{"admit", "release at once"}));
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(EventKinds().empty());
}

TEST_F(PartTest, EveryOpenOfAPartGetsTheSameAnswer) {
  int answers = 0;
  ScriptedPart& part = Begin([&answers](ScriptedPart& one) {
    one.OnAdmitted([&answers](const absl::Status& decided) { answers += decided.ok() ? 1 : 0; });
  });
  part.OnAdmitted([&answers](const absl::Status& decided) { answers += decided.ok() ? 1 : 0; });
  EXPECT_EQ(answers, 2);
}

// Who hears of the failure may count on the CPUs.
TEST_F(PartTest, ReleasesWhatItHadBeforeItTellsOfAFailure) {
  ScriptedPart& part = Begin();
  struct Occupant : Seat::Occupant {
    explicit Occupant(const Words& words) : calls(words) {}
    void OnNews() override { released_first = calls.back() == "release at once"; }
    void OnReplaced() override {}
    const Words& calls;
    bool released_first = false;
  } occupant(calls_);
  part.events().seat().Take(&occupant);
  Failure failure;
  failure.set_kind(Failure::CRASHED);
  part.ReportFailure(failure);
  part.events().seat().Leave(&occupant);
  EXPECT_TRUE(occupant.released_first);
  EXPECT_EQ(LastFailure().kind(), Failure::CRASHED);
}

// A controller would read none of the event, and wait for it.
TEST_F(PartTest, WhatItTellsIsUtf8) {
  ScriptedPart& part = Begin();
  Failure failure;
  failure.set_message("Content-Type: text/\xff");
  failure.set_last_words("caf\xc3");
  part.ReportFailure(failure);
  EXPECT_EQ(LastFailure().message(), "Content-Type: text/\xef\xbf\xbd");
  EXPECT_EQ(LastFailure().last_words(), "caf\xef\xbf\xbd");
}

TEST_F(PartTest, AFailureIsTheEndOfItButForEventsAndData) {
  ScriptedPart& part = Begin();
  ASSERT_TRUE(part.Start(42).ok());
  strand_->Run();
  Failure failure;
  failure.set_kind(Failure::CRASHED);
  part.ReportFailure(failure);
  part.ReportFailure(failure);
  part.ReportFinished(LoadFinished());
  EXPECT_TRUE(part.Stop().ok());
  strand_->Run();
  EXPECT_EQ(EventKinds(), (Words{"ready", "failure"}));
  EXPECT_EQ(part.spool().last(), 2u) << "what Release() recorded, and the end mark";
  EXPECT_FALSE(part.events().ended());
  EXPECT_EQ(gone_, 0);
  part.Close([] {});
  strand_->Run();
  EXPECT_EQ(calls_, (Words{"admit", "launch", "begin 42", "release at once"}));
  EXPECT_EQ(gone_, 1);
}

TEST_F(PartTest, ALeaseThatIsRenewedLastsForEver) {
  ScriptedPart& part = Begin();
  for (int i = 0; i < 100; ++i) {
    strand_->Advance(9 * kSecondNs);
    EXPECT_EQ(part.RenewLease(), 10'000u);
  }
  EXPECT_EQ(EventKinds(), Words{"ready"});
}

TEST_F(PartTest, ALeaseThatRunsOutStopsThePartAndForgetsItALeaseLater) {
  ScriptedPart& part = Begin();
  ASSERT_TRUE(part.Start(42).ok());
  strand_->Advance(5 * kSecondNs);
  ASSERT_EQ(part.RenewLease(), 10'000u);
  strand_->Advance(10 * kSecondNs - 1);
  EXPECT_EQ(EventKinds(), Words{"ready"});
  EXPECT_FALSE(part.unwanted());
  strand_->Advance(1);
  EXPECT_EQ(LastFailure().kind(), Failure::LEASE_EXPIRED);
  EXPECT_EQ(calls_.back(), "release at once");
  EXPECT_TRUE(part.unwanted());
  EXPECT_EQ(part.RenewLease(), 0u) << "what was stopped does not come back";
  strand_->Advance(10 * kSecondNs - 1);
  EXPECT_EQ(gone_, 0) << "its data may still be read";
  strand_->Advance(1);
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(part.events().ended());
}

TEST_F(PartTest, AFailedPartIsForgottenTwoLeasesAfterTheLastRenewal) {
  ScriptedPart& part = Begin();
  part.ReportFailure(Failure());
  strand_->Advance(10 * kSecondNs);
  EXPECT_EQ(gone_, 0);
  strand_->Advance(10 * kSecondNs);
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(EventKinds(), (Words{"ready", "failure"})) << "one failure is enough";
}

TEST_F(PartTest, EventsAreStampedWithTheTimeOfTheStrand) {
  ScriptedPart& part = Begin([](ScriptedPart& one) { one.ready_at_once = false; });
  strand_->Advance(3 * kSecondNs);
  part.ReportReady(Ready());
  EXPECT_EQ(part.events().Next(0)->monotonic_ns(), strand_->NowNanos());
}

class PartTableTest : public PartTest {
 protected:
  PartTableTest() {
    table_ = PartTable::Create([this](const OpenRequest& request) {
      auto strand = std::make_unique<ManualStrand>();
      strand_ = strand.get();
      part_ = std::make_shared<ScriptedPart>(request, std::move(strand));
      part_->calls = &calls_;
      ++made_;
      return part_;
    });
  }

  absl::Status Open(const OpenRequest& request) {
    absl::Status answer = absl::UnknownError("no answer");
    table_->Open(request, [&answer](const absl::Status& decided) { answer = decided; });
    strand_->Run();
    return answer;
  }

  int made_ = 0;
  std::shared_ptr<PartTable> table_;
};

TEST_F(PartTableTest, OpeningAgainWithTheSameContentsIsHarmless) {
  EXPECT_TRUE(Open(Request("e")).ok());
  EXPECT_TRUE(Open(Request("e")).ok());
  EXPECT_EQ(made_, 1);
  OpenRequest other = Request("e");
  other.set_lease_ms(20'000);
  EXPECT_TRUE(absl::IsAlreadyExists(Open(other)));
  EXPECT_TRUE(Open(Request("f")).ok());
  EXPECT_EQ(made_, 2);
}

TEST_F(PartTableTest, APartThatWasClosedIsNotFoundAndCanBeClosedAgain) {
  ASSERT_TRUE(Open(Request("e")).ok());
  EXPECT_TRUE(table_->Find(Request("e").part()).ok());
  int closed = 0;
  table_->Close(Request("e").part(), [&closed] { ++closed; });
  strand_->Run();
  EXPECT_TRUE(absl::IsNotFound(table_->Find(Request("e").part()).status()));
  table_->Close(Request("e").part(), [&closed] { ++closed; });
  EXPECT_EQ(closed, 2);
}

// Each has a thread and descriptors from the moment that it is asked for.
TEST_F(PartTableTest, MorePartsThanTheLimitAreRefusedUntilOneIsClosed) {
  std::vector<std::shared_ptr<ScriptedPart>> parts;
  std::vector<ManualStrand*> strands;
  table_ = PartTable::Create(
      [&](const OpenRequest& request) {
        auto strand = std::make_unique<ManualStrand>();
        strands.push_back(strand.get());
        parts.push_back(std::make_shared<ScriptedPart>(request, std::move(strand)));
        parts.back()->calls = &calls_;
        return parts.back();
      },
      /*most_parts=*/3);
  const auto open = [this](const OpenRequest& request) {
    std::optional<absl::Status> answer;
    table_->Open(request, [&answer](const absl::Status& decided) { answer = decided; });
    return answer;
  };
  // None of them is admitted yet: its strand does not run.
  for (const char* execution : {"a", "b", "c"}) open(Request(execution));
  const std::optional<absl::Status> refused = open(Request("d"));
  ASSERT_TRUE(refused.has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(*refused)) << *refused;
  EXPECT_EQ(parts.size(), 3u);
  open(Request("a"));
  EXPECT_EQ(parts.size(), 3u) << "one that is there is found";
  table_->Close(Request("a").part(), [] {});
  strands[0]->Run();
  open(Request("d"));
  EXPECT_EQ(parts.size(), 4u);
  for (ManualStrand* strand : strands) strand->Run();
}

TEST_F(PartTableTest, WhatAPartNeedsAndIsNotToBeHadRefusesIt) {
  table_ = PartTable::Create([](const OpenRequest&) -> absl::StatusOr<std::shared_ptr<Part>> {
    return absl::ResourceExhaustedError("no thread");
  });
  absl::Status answer;
  table_->Open(Request("e"), [&answer](const absl::Status& decided) { answer = decided; });
  EXPECT_TRUE(absl::IsResourceExhausted(answer)) << answer;
  EXPECT_TRUE(table_->CloseAll(absl::ZeroDuration()));
}

TEST_F(PartTableTest, ShuttingDownRefusesNewParts) {
  EXPECT_TRUE(table_->CloseAll(absl::ZeroDuration()));
  EXPECT_TRUE(absl::IsUnavailable([this] {
    absl::Status answer;
    table_->Open(Request("e"), [&answer](const absl::Status& decided) { answer = decided; });
    return answer;
  }()));
}

}  // namespace
}  // namespace assay
