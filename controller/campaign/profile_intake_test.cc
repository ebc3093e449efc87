#include "controller/campaign/profile_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analysis/profile/test_profile.h"
#include "proto/convert/profile_chunk.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

// 100 samples in ten chunks.
std::vector<ProfileChunk> Sent() {
  std::vector<ProfileChunk> chunks =
      ToProto(ProfileOf({{"_start;main;work", 70}, {"_start;main;[c]recv", 30}}), 10);
  for (ProfileChunk& chunk : chunks) chunk = Deflated(chunk);
  return chunks;
}

ProfileInfo InfoOf100Samples() {
  ProfileInfo info;
  info.set_event("cpu-clock");
  info.set_samples(100);
  info.set_whole(90);
  info.set_truncated(10);
  info.set_lost(3);
  return info;
}

std::vector<ProfileChunk> Kept(const std::vector<ProfileChunk>& chunks, ProfileInfo* info) {
  ProfileIntake intake;
  for (const ProfileChunk& chunk : chunks) intake.Take(chunk);
  return std::move(intake).Finish(info);
}

TEST(ProfileIntakeTest, AcceptsACompleteProfileUnchanged) {
  ProfileInfo info = InfoOf100Samples();
  EXPECT_EQ(Kept(Sent(), &info).size(), 10u);
  EXPECT_EQ(info.SerializeAsString(), InfoOf100Samples().SerializeAsString());
}

// If such a profile were stored, no command could show its campaign.
TEST(ProfileIntakeTest, RefusesAnUnreadableProfileWithTheReason) {
  std::vector<std::vector<ProfileChunk>> broken(5, Sent());
  broken[0].erase(broken[0].begin() + 3);
  broken[1][4].set_deflated("no deflated bytes");
  broken[2][9].set_inflated_bytes(kMaxInflatedChunk + 1);
  broken[3][2] = ProfileChunk();
  broken[3][2].set_sequence(2);
  broken[3][2].add_sample_stack(99);
  broken[3][2].add_sample_time_delta_us(1);
  broken[3][2].set_weight_ns(1);
  broken[4].insert(broken[4].begin(), broken[4][0]);
  for (const std::vector<ProfileChunk>& chunks : broken) {
    ProfileInfo info = InfoOf100Samples();
    EXPECT_TRUE(Kept(chunks, &info).empty());
    EXPECT_THAT(info.refused(), HasSubstr("cannot be read: a profile's chunk"));
    EXPECT_FALSE(info.remedy().empty());
  }
}

TEST(ProfileIntakeTest, RefusesAProfileAboveTheSizeLimit) {
  ProfileIntake intake(100'000);
  ProfileChunk chunk;
  // Compressed, they take a hundredth of the limit.
  for (int i = 0; i < 11; ++i) {
    chunk.set_sequence(i);
    chunk.clear_strings();
    *chunk.add_strings() = std::string(10'000, static_cast<char>('a' + i));
    intake.Take(Deflated(chunk));
  }
  ProfileInfo info = InfoOf100Samples();
  EXPECT_TRUE(std::move(intake).Finish(&info).empty());
  EXPECT_THAT(info.refused(), HasSubstr("larger than 100000 bytes"));
}

// The agent's spool was full after the sixth chunk.
TEST(ProfileIntakeTest, CountsSamplesThatTheAgentDidNotSendAsLost) {
  std::vector<ProfileChunk> chunks = Sent();
  chunks.resize(6);
  ProfileInfo info = InfoOf100Samples();
  EXPECT_EQ(Kept(chunks, &info).size(), 6u);
  EXPECT_EQ(info.samples(), 60u);
  EXPECT_EQ(info.lost(), 43u);
  EXPECT_EQ(info.whole(), 54u);
  EXPECT_EQ(info.truncated(), 6u);
  EXPECT_EQ(info.refused(), "");
}

TEST(ProfileIntakeTest, KeepsTheAgentsOwnReasonForARefusal) {
  ProfileInfo info;
  info.set_refused("perf_event_paranoid is 4");
  EXPECT_TRUE(Kept({}, &info).empty());
  EXPECT_EQ(info.refused(), "perf_event_paranoid is 4");
}

}  // namespace
}  // namespace assay::controller
