#include "common/output_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/file.h"
#include "common/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest() {
    std::string name = ::testing::TempDir() + "output_file_test_XXXXXX";
    folder_ = mkdtemp(name.data());
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  // A log with one line, opened as the shell opens it for `>>` or `>`: a started program inherits it.
  UniqueFd Log(int flags) const {
    EXPECT_TRUE(WriteFileAtomically(Path("log"), "old\n").ok());
    return UniqueFd(open(Path("log").c_str(), O_WRONLY | flags));
  }

  ino_t NodeOf(const std::string& name) const {
    struct stat found = {};
    EXPECT_EQ(stat(Path(name).c_str(), &found), 0);
    return found.st_ino;
  }

  std::string folder_;
};

std::string DevFd(const UniqueFd& fd) { return "/dev/fd/" + std::to_string(fd.get()); }

TEST_F(OutputFileTest, RecognisesTheNamesOfOwnDescriptors) {
  EXPECT_EQ(OwnDescriptor("/dev/stdout"), 1);
  EXPECT_EQ(OwnDescriptor("/dev/stderr"), 2);
  EXPECT_EQ(OwnDescriptor("/dev/fd/7"), 7);
  EXPECT_EQ(OwnDescriptor("/dev/../dev/fd/1"), 1);
  const std::string pid = std::to_string(getpid());
  for (const std::string& process :
       {std::string("self"), std::string("thread-self"), pid, "self/task/" + pid}) {
    EXPECT_EQ(OwnDescriptor("/proc/" + process + "/fd/1"), 1) << process;
  }
  ASSERT_EQ(symlink("/dev/stdout", Path("link").c_str()), 0);
  EXPECT_EQ(OwnDescriptor(Path("link")), 1);
}

TEST_F(OutputFileTest, OtherPathsAreNotDescriptors) {
  for (const std::string& path :
       {Path("fd/1"), std::string("/dev/null"), "/proc/" + std::to_string(getpid() + 1) + "/fd/1",
        std::string("/proc/self/fd"), std::string("/proc/self/fdinfo/1"), std::string("/dev/fd/x"),
        std::string("/dev/fd/-1")}) {
    EXPECT_EQ(OwnDescriptor(path), std::nullopt) << path;
  }
}

// Regression test: `report -o /dev/stdout >> log` replaced the log.
TEST_F(OutputFileTest, AppendingKeepsTheExistingContents) {
  const UniqueFd log = Log(O_APPEND);
  const ino_t node = NodeOf("log");
  ASSERT_TRUE(WriteFileAtomically(DevFd(log), "one\n").ok());
  ASSERT_TRUE(WriteFileAtomically("/proc/self/fd/" + std::to_string(log.get()), "two\n").ok());
  const absl::StatusOr<UniqueFd> opened = OpenOutput(DevFd(log));
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE(WriteAll(opened->get(), "three\n", "log").ok());
  EXPECT_EQ(*ReadFile(Path("log")), "old\none\ntwo\nthree\n");
  EXPECT_EQ(NodeOf("log"), node);
}

// For example `{ date; loadgen --output=/dev/stdout; date; } > log`.
TEST_F(OutputFileTest, SharesTheFilePositionWithTheShell) {
  const UniqueFd log = Log(O_TRUNC);
  ASSERT_EQ(write(log.get(), "before\n", 7), 7);
  ASSERT_TRUE(WriteFileAtomically(DevFd(log), "ours\n").ok());
  ASSERT_EQ(write(log.get(), "after\n", 6), 6);
  EXPECT_EQ(*ReadFile(Path("log")), "before\nours\nafter\n");
}

// A socket cannot be opened by its path in /proc.
TEST_F(OutputFileTest, WritesToASocket) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  ASSERT_TRUE(WriteFileAtomically(DevFd(ours), "hello").ok());
  char buffer[16];
  EXPECT_EQ(read(theirs.get(), buffer, sizeof(buffer)), 5);
}

TEST_F(OutputFileTest, DoesNotReplaceADevice) {
  ASSERT_TRUE(WriteFileAtomically("/dev/null", "gone").ok());
  struct stat found = {};
  ASSERT_EQ(stat("/dev/null", &found), 0);
  EXPECT_TRUE(S_ISCHR(found.st_mode));
  const absl::Status full = WriteFileAtomically("/dev/full", "x");
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(full.message(), HasSubstr("/dev/full: No space left on device"));
}

// It could be the descriptor of the store.
TEST_F(OutputFileTest, RefusesADescriptorThatTheProgramOpened) {
  const UniqueFd log = Log(O_APPEND | O_CLOEXEC);
  const absl::Status refused = WriteFileAtomically(DevFd(log), "x");
  EXPECT_THAT(refused.message(), HasSubstr("Bad file descriptor"));
  EXPECT_EQ(*ReadFile(Path("log")), "old\n");
}

TEST_F(OutputFileTest, TruncatesAFileAndReportsErrorsInOneLine) {
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "old").ok());
  const absl::StatusOr<UniqueFd> file = OpenOutput(Path("file"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*ReadFile(Path("file")), "");
  EXPECT_THAT(OpenOutput(Path("no\n\x1b[31mne/x")).status().message(),
              HasSubstr("no\\x0a\\x1b[31mne/x: No such file or directory"));
}

TEST_F(OutputFileTest, WritesAtAPlaceAndKeepsThePosition) {
  ASSERT_TRUE(WriteFileAtomically(Path("spool"), "0123456789").ok());
  const UniqueFd file(open(Path("spool").c_str(), O_RDWR));
  ASSERT_TRUE(WriteAllAt(file.get(), "abc", 4, "spool").ok());
  EXPECT_EQ(lseek(file.get(), 0, SEEK_CUR), 0);
  EXPECT_EQ(ReadFile(Path("spool")).value_or(""), "0123abc789");
  ASSERT_TRUE(WriteAllAt(file.get(), "end", 10, "spool").ok());
  EXPECT_EQ(ReadFile(Path("spool")).value_or(""), "0123abc789end");
}

TEST_F(OutputFileTest, SaysWhyItCannotWriteAtAPlace) {
  const UniqueFd full(open("/dev/full", O_RDWR));
  const absl::Status written = WriteAllAt(full.get(), "abc", 0, "the spool");
  EXPECT_EQ(written.message(), "cannot write the spool: No space left on device");
}

}  // namespace
}  // namespace assay
