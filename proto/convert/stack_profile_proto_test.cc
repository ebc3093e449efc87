#include "proto/convert/stack_profile_proto.h"

#include <string>

#include "analysis/profile/folded_text.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

void ExpectSame(const StackProfile& a, const StackProfile& b) {
  for (const StackTime time : {StackTime::kOnCpu, StackTime::kOffCpu}) {
    FunctionTree left;
    left.Add(a, time);
    FunctionTree right;
    right.Add(b, time);
    EXPECT_EQ(FoldedText(left), FoldedText(right));
    EXPECT_EQ(a.total(time), b.total(time));
  }
  ASSERT_EQ(a.samples().size(), b.samples().size());
  for (size_t i = 0; i < a.samples().size(); ++i) {
    EXPECT_EQ(a.samples()[i].at_ns, b.samples()[i].at_ns);
    EXPECT_EQ(a.samples()[i].thread, b.samples()[i].thread);
    EXPECT_EQ(a.samples()[i].weight_ns, b.samples()[i].weight_ns);
    const StackFrame& left = a.frames()[a.nodes()[a.samples()[i].node].frame];
    const StackFrame& right = b.frames()[b.nodes()[b.samples()[i].node].frame];
    EXPECT_EQ(left.address, right.address);
    EXPECT_EQ(a.PathOf(left), b.PathOf(right));
    EXPECT_EQ(a.strings()[left.file], b.strings()[right.file]);
  }
}

TEST(StackProfileProtoTest, SurvivesARoundTripWithChunksOfAnySize) {
  RandomStream random(1);
  const StackProfile profile = RandomProfile(&random, 200, 30);
  for (const size_t size : {1, 7, 100, 1'000'000}) {
    const absl::StatusOr<StackProfile> again = FromProto(ToProto(profile, size));
    ASSERT_TRUE(again.ok()) << again.status();
    ExpectSame(profile, *again);
  }
}

TEST(StackProfileProtoTest, DefinesEachEntryOnce) {
  RandomStream random(2);
  const StackProfile profile = RandomProfile(&random, 100, 20);
  size_t strings = 1;
  size_t frames = 0;
  for (const ProfileChunk& chunk : ToProto(profile, 10)) {
    strings += chunk.strings_size();
    frames += chunk.frames_size();
  }
  EXPECT_EQ(strings, profile.strings().size());
  EXPECT_EQ(frames, profile.frames().size());
}

TEST(StackProfileProtoTest, AnEmptyProfileIsOneEmptyChunk) {
  const std::vector<ProfileChunk> chunks = ToProto(StackProfile(), 10);
  ASSERT_EQ(chunks.size(), 1);
  EXPECT_TRUE(FromProto(chunks)->nodes().empty());
}

class BrokenProfileTest : public testing::Test {
 protected:
  BrokenProfileTest() {
    StackProfile profile;
    AddFolded("main;work", 2, &profile);
    AddFolded("main;[c]send", 2, &profile);
    chunks_ = ToProto(profile, 2);
  }

  std::string Refusal(const std::vector<ProfileChunk>& chunks) {
    const absl::StatusOr<StackProfile> profile = FromProto(chunks);
    return profile.ok() ? "" : std::string(profile.status().message());
  }
  template <typename Change>
  std::string Refusal(int chunk, Change change) {
    std::vector<ProfileChunk> chunks = chunks_;
    change(&chunks[chunk]);
    return Refusal(chunks);
  }

  std::vector<ProfileChunk> chunks_;
};

TEST_F(BrokenProfileTest, ReportsAGapAsDataLoss) {
  const absl::StatusOr<StackProfile> profile = FromProto(absl::MakeSpan(&chunks_[1], 1));
  EXPECT_EQ(profile.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(profile.status().message(), "a profile's chunk 0 is missing: chunk 1 arrived instead");
  EXPECT_EQ(FromProto({chunks_[0], chunks_[0]}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(BrokenProfileTest, RefusesUndefinedNumbers) {
  EXPECT_EQ(Refusal(chunks_), "");
  EXPECT_EQ(Refusal(0, [](auto* c) { c->mutable_frames(0)->set_function(99); }),
            "a profile's chunk 0 refers to string 99; only 7 are defined up to there");
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_frames(0)->set_file(99); }), "");
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_frames(0)->set_mapping(2); }), "");
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_mappings(0)->set_file(1 << 31); }), "");
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_mappings(0)->set_build_id(50); }), "");
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_stacks(0)->set_frame(9); }), "");
  EXPECT_NE(Refusal(1, [](auto* c) { c->set_sample_stack(0, 0xffffffff); }), "");
}

TEST_F(BrokenProfileTest, RefusesAStackThatRefersToItselfOrALaterOne) {
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_stacks(0)->set_parent(1); }), "");
  EXPECT_NE(Refusal(0, [](auto* c) { c->mutable_stacks(0)->set_parent(2); }), "");
}

TEST_F(BrokenProfileTest, RefusesColumnsOfUnequalLength) {
  EXPECT_EQ(Refusal(1, [](auto* c) { c->add_sample_thread(1); }),
            "a profile's chunk 1 has columns of unequal length");
  EXPECT_EQ(Refusal(1, [](auto* c) { c->clear_sample_weight_ns(); }),
            "a profile's chunk 1 has samples without a weight");
  EXPECT_EQ(Refusal(1,
                    [](auto* c) {
                      c->clear_sample_weight_ns();
                      c->set_weight_ns(10);
                      c->clear_sample_thread();
                      c->set_thread(7);
                    }),
            "");
}

TEST_F(BrokenProfileTest, RefusesSumsThatOverflow) {
  EXPECT_NE(Refusal(0,
                    [](auto* c) {
                      c->set_sample_weight_ns(0, ~uint64_t{0});
                      c->set_sample_weight_ns(1, ~uint64_t{0});
                    }),
            "");
  EXPECT_NE(Refusal(0,
                    [](auto* c) {
                      c->set_sample_time_delta_us(0, INT64_MAX / 1000);
                      c->set_sample_time_delta_us(1, 1000);
                    }),
            "");
  EXPECT_NE(Refusal(0, [](auto* c) { c->set_sample_time_delta_us(0, INT64_MAX); }), "");
}

TEST_F(BrokenProfileTest, RefusesAnEndlessStack) {
  EXPECT_EQ(Refusal(0,
                    [](ProfileChunk* c) {
                      for (uint32_t i = 0; i < StackProfile::kMaxDepth; ++i) {
                        ProfileStack* stack = c->add_stacks();
                        stack->set_parent(c->stacks_size() - 1);
                        stack->set_frame(0);
                      }
                    }),
            "a profile's chunk 0 has a stack of more than 4096 frames");
}

}  // namespace
}  // namespace assay
