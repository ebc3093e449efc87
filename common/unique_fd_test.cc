#include "common/unique_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace assay {
namespace {

int Open() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFdTest, ClosesItsDescriptorWhenDestroyed) {
  int fd;
  {
    const UniqueFd owner(Open());
    fd = owner.get();
    ASSERT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFdTest, AnEmptyOneIsNotOk) {
  EXPECT_FALSE(UniqueFd().ok());
  EXPECT_EQ(UniqueFd().get(), -1);
}

TEST(UniqueFdTest, MovingLeavesTheSourceEmptyAndTheDescriptorOpen) {
  UniqueFd source(Open());
  const int fd = source.get();
  const UniqueFd target(std::move(source));
  EXPECT_FALSE(
      source.ok());  // NOLINT(bugprone-use-after-move): the contract says that it is empty.
  EXPECT_EQ(target.get(), fd);
  EXPECT_TRUE(IsOpen(fd));
}

TEST(UniqueFdTest, AssigningClosesTheOldDescriptor) {
  UniqueFd target(Open());
  const int old = target.get();
  UniqueFd source(Open());
  const int fd = source.get();
  target = std::move(source);
  EXPECT_FALSE(IsOpen(old));
  EXPECT_EQ(target.get(), fd);
}

TEST(UniqueFdTest, ReleaseDoesNotCloseTheDescriptor) {
  UniqueFd owner(Open());
  const int fd = owner.release();
  EXPECT_FALSE(owner.ok());
  EXPECT_TRUE(IsOpen(fd));
  close(fd);
}

TEST(UniqueFdTest, ResetToItselfKeepsItOpen) {
  UniqueFd owner(Open());
  owner.reset(owner.get());
  EXPECT_TRUE(IsOpen(owner.get()));
}

// Otherwise the reason of a failure would be lost when a function returns.
TEST(UniqueFdTest, ClosingKeepsErrno) {
  UniqueFd owner(Open());
  close(owner.get());
  errno = ENOENT;
  owner.reset();
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace assay
