#include "agent/jobs/private_folder.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

namespace fs = std::filesystem;

std::string NewSpool() {
  std::string spool = testing::TempDir() + "/spool-XXXXXX";
  EXPECT_NE(mkdtemp(spool.data()), nullptr);
  return spool;
}

TEST(PrivateFolderTest, IsRemovedWithAllThatIsInIt) {
  const std::string parent = NewSpool();
  std::string path;
  {
    const absl::StatusOr<PrivateFolder> folder = PrivateFolder::Create(parent, "server-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    path = folder->path();
    EXPECT_EQ(fs::path(path).filename().string().substr(0, 7), "server-");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    fs::create_directories(path + "/a/b");
    ASSERT_TRUE(WriteFileAtomically(path + "/a/b/c", "text").ok());
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(PrivateFolderTest, MovedFromOwnsNothing) {
  const std::string parent = NewSpool();
  std::optional<PrivateFolder> kept;
  {
    absl::StatusOr<PrivateFolder> folder = PrivateFolder::Create(parent, "x-");
    ASSERT_TRUE(folder.ok());
    kept.emplace(*std::move(folder));
  }
  EXPECT_TRUE(fs::exists(kept->path()));
  kept.reset();
  EXPECT_TRUE(fs::is_empty(parent));
}

TEST(AgentFolderTest, MakesTheSpoolWhereItIsMissingAndNamesItWhereItCannot) {
  EXPECT_TRUE(AgentFolder::Create(NewSpool() + "/a/b").ok());
  const absl::Status refused = AgentFolder::Create("/proc/nowhere").status();
  EXPECT_NE(std::string(refused.message()).find("/proc/nowhere"), std::string::npos) << refused;
}

// In /tmp anybody can make the folder first, and then change the files of the targets that are started in it.
TEST(AgentFolderTest, RefusesASpoolThatOthersMayWriteTo) {
  const std::string spool = NewSpool();
  fs::permissions(spool, fs::perms::others_write, fs::perm_options::add);
  const absl::Status refused = AgentFolder::Create(spool).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  EXPECT_NE(std::string(refused.message()).find("--spool"), std::string::npos) << refused;
  EXPECT_TRUE(fs::is_empty(spool));
  const std::string link = NewSpool() + "/link";
  fs::create_directory_symlink(NewSpool(), link);
  EXPECT_EQ(AgentFolder::Create(link).status().code(), absl::StatusCode::kPermissionDenied);
}

// A spool that is shared by agents on two ports must not lose the other's data.
TEST(AgentFolderTest, SparesAgentsThatRunAndRemovesWhatADeadOneLeft) {
  const std::string spool = NewSpool();
  const absl::StatusOr<AgentFolder> running = AgentFolder::Create(spool);
  ASSERT_TRUE(running.ok());
  fs::create_directories(spool + "/agent-dead/load-1");
  ASSERT_TRUE(WriteFileAtomically(spool + "/agent-dead/lock", "").ok());
  ASSERT_TRUE(WriteFileAtomically(spool + "/notes", "somebody's own").ok());
  const absl::StatusOr<AgentFolder> next = AgentFolder::Create(spool);
  ASSERT_TRUE(next.ok());
  EXPECT_TRUE(fs::exists(running->path()));
  EXPECT_TRUE(fs::exists(next->path()));
  EXPECT_FALSE(fs::exists(spool + "/agent-dead"));
  EXPECT_TRUE(fs::exists(spool + "/notes"));
}

}  // namespace
}  // namespace assay::agent
