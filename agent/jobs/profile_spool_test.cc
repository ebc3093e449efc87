#include "agent/jobs/profile_spool.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"

namespace assay::agent {
namespace {

ProfileChunk Chunk(uint32_t sequence) {
  ProfileChunk chunk;
  chunk.set_sequence(sequence);
  chunk.set_deflated(std::string(100, 'x'));
  return chunk;
}

TEST(ProfileSpoolTest, AfterAChunkThatIsLostNoneIsSent) {
  // Memory for two chunks, and no folder for the others.
  Spool spool("/nonexistent", 250);
  ProfileSpool profile(spool);
  for (uint32_t i = 0; i < 3; ++i) profile.Take(Chunk(i));
  ASSERT_EQ(spool.last(), 2u);
  // There is room again, but what comes now stands on what was lost.
  ASSERT_TRUE(spool.Commit(2).ok());
  profile.Take(Chunk(3));
  EXPECT_EQ(spool.last(), 2u);
  ProfileInfo info;
  profile.NoteLoss(&info);
  ASSERT_EQ(info.notes_size(), 1);
  EXPECT_TRUE(absl::StrContains(info.notes(0), "could not keep 2 chunks")) << info.notes(0);
  EXPECT_TRUE(absl::StrContains(info.notes(0), "/nonexistent")) << info.notes(0);
}

TEST(ProfileSpoolTest, AWholeProfileNeedsNoNote) {
  Spool spool("/nonexistent");
  ProfileSpool profile(spool);
  profile.Take(Chunk(0));
  ProfileInfo info;
  profile.NoteLoss(&info);
  EXPECT_EQ(info.notes_size(), 0);
  EXPECT_EQ(spool.last(), 1u);
}

}  // namespace
}  // namespace assay::agent
