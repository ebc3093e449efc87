#include "common/safe_path.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

constexpr uid_t kNobody = 65534;

mode_t ModeOf(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(lstat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777;
}

class SafePathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/safe-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    folder_ = *ResolveLinks(folder_);
    // Writable by all and sticky, like /tmp.
    shared_ = folder_ + "/shared";
    ASSERT_EQ(mkdir(shared_.c_str(), 0777), 0);
    ASSERT_EQ(chmod(shared_.c_str(), 01777), 0);
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/precious", "old").ok());
  }

  static void ExpectRefused(const std::string& path, const std::string& why) {
    const absl::Status status = EnsureOwnFolder(path);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_NE(std::string(status.message()).find(why), std::string::npos) << status;
  }

  std::string folder_;
  std::string shared_;
};

TEST_F(SafePathTest, MakesAFolderForItsOwnerAlone) {
  EXPECT_TRUE(EnsureOwnFolder(shared_ + "/spool").ok());
  EXPECT_EQ(ModeOf(shared_ + "/spool"), 0700U);
  EXPECT_TRUE(EnsureOwnFolder(shared_ + "/spool").ok()) << "the second time too";
  EXPECT_TRUE(EnsureOwnFolder(folder_ + "/a/b/c/").ok());
}

// The other user could replace nginx.conf in a folder of ours.
TEST_F(SafePathTest, RefusesAFolderOfAnotherUser) {
  const std::string path = shared_ + "/spool";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  if (chown(path.c_str(), kNobody, kNobody) != 0) GTEST_SKIP() << "only root can give files away";
  ExpectRefused(path, "it belongs to the user 65534");
}

TEST_F(SafePathTest, RefusesAFolderThatOthersMayWriteTo) {
  const std::string path = shared_ + "/spool";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  for (const mode_t mode : {0770, 0702, 01777}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    ExpectRefused(path, "other users may write to it");
  }
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  EXPECT_TRUE(EnsureOwnFolder(path).ok());
}

TEST_F(SafePathTest, RefusesALinkOrAFileInsteadOfAFolder) {
  ASSERT_EQ(symlink(folder_.c_str(), (shared_ + "/link").c_str()), 0);
  ExpectRefused(shared_ + "/link", "symbolic link");
  ExpectRefused(shared_ + "/link/", "symbolic link");
  ExpectRefused(folder_ + "/precious", "it is not a folder");
}

TEST_F(SafePathTest, RefusesAFolderThatEveryUserMayReplace) {
  ASSERT_EQ(chmod(shared_.c_str(), 0777), 0);
  ExpectRefused(shared_ + "/spool", "not sticky");
}

TEST_F(SafePathTest, FollowsLinksInFoldersOfThisUser) {
  ASSERT_EQ(symlink("precious", (folder_ + "/link").c_str()), 0);
  ASSERT_EQ(symlink((folder_ + "/missing").c_str(), (folder_ + "/dangling").c_str()), 0);
  ASSERT_EQ(symlink("loop", (folder_ + "/loop").c_str()), 0);
  EXPECT_EQ(*ResolveLinks(folder_ + "/link"), folder_ + "/precious");
  EXPECT_EQ(*ResolveLinks(folder_ + "/dangling"), folder_ + "/missing");
  EXPECT_EQ(*ResolveLinks(folder_ + "/none/./at/all"), folder_ + "/none/at/all");
  EXPECT_EQ(*ResolveLinks("a/b"), "a/b");
  EXPECT_FALSE(ResolveLinks(folder_ + "/loop").ok());
  EXPECT_EQ(*ResolveLinks("/proc/self/fd/1"), "/proc/self/fd/1");
}

// Otherwise a user who guesses the name of a report could make its writer overwrite one of the writer's own files.
TEST_F(SafePathTest, NothingIsWrittenThroughALinkInASharedFolder) {
  ASSERT_EQ(symlink((folder_ + "/precious").c_str(), (shared_ + "/report").c_str()), 0);
  ASSERT_EQ(symlink(folder_.c_str(), (shared_ + "/reports").c_str()), 0);
  ASSERT_EQ(symlink((shared_ + "/report").c_str(), (folder_ + "/way").c_str()), 0);
  for (const std::string& path :
       {shared_ + "/report", shared_ + "/reports/precious", folder_ + "/way"}) {
    const absl::Status status = WriteFileAtomically(path, "new");
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_NE(std::string(status.message()).find(path), std::string::npos) << status;
  }
  EXPECT_EQ(*ReadFile(folder_ + "/precious"), "old");
  EXPECT_TRUE(WriteFileAtomically(shared_ + "/plain", "new").ok());
}

TEST_F(SafePathTest, KeepsTheModeOfAnOwnFile) {
  const std::string path = folder_ + "/precious";
  for (const mode_t mode : {0600, 0640, 0400}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    ASSERT_TRUE(WriteFileAtomically(path, "new").ok());
    EXPECT_EQ(ModeOf(path), mode);
  }
}

TEST_F(SafePathTest, DoesNotKeepTheModeOfAnotherUsersFile) {
  const std::string path = shared_ + "/report";
  ASSERT_TRUE(WriteFileAtomically(path, "theirs").ok());
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  if (chown(path.c_str(), kNobody, kNobody) != 0) GTEST_SKIP() << "only root can give files away";
  const mode_t mask = umask(022);
  EXPECT_TRUE(WriteFileAtomically(path, "ours").ok());
  umask(mask);
  EXPECT_EQ(ModeOf(path), 0644U);
}

}  // namespace
}  // namespace assay
