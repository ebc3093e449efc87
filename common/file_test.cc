#include "common/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "common/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string name = ::testing::TempDir() + "file_test_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    DIR* dir = opendir(folder_.c_str());
    while (const dirent* entry = readdir(dir)) {
      if (entry->d_name[0] != '.') names.push_back(entry->d_name);
    }
    closedir(dir);
    return names;
  }

  std::string folder_;
};

TEST_F(FileTest, ReadsBackEveryByteThatWasWritten) {
  std::string contents(100'000, '\0');
  for (size_t i = 0; i < contents.size(); ++i) contents[i] = static_cast<char>(i * 31);
  ASSERT_TRUE(WriteFileAtomically(Path("a"), contents).ok());
  EXPECT_EQ(*ReadFile(Path("a")), contents);
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "").ok());
  EXPECT_EQ(*ReadFile(Path("a")), "");
}

// stat() reports a size of 0 for them.
TEST_F(FileTest, ReadsFilesOfProc) { EXPECT_THAT(*ReadFile("/proc/self/stat"), HasSubstr("(")); }

TEST_F(FileTest, AnErrorNamesThePathAndTheReason) {
  const absl::Status missing = ReadFile(Path("none")).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr(Path("none")));
  EXPECT_THAT(missing.message(), HasSubstr("No such file"));
  const absl::Status folder = ReadFile(folder_).status();
  EXPECT_EQ(folder.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(folder.message(), HasSubstr("folder"));
}

TEST_F(FileTest, RefusesAFileAboveTheSizeLimit) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "12345").ok());
  EXPECT_EQ(*ReadFile(Path("a"), 5), "12345");
  EXPECT_EQ(ReadFile(Path("a"), 4).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(FileTest, LeavesNoTemporaryFile) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "x").ok());
  EXPECT_THAT(Names(), ::testing::ElementsAre("a"));
  // A folder with that name makes the write fail late, so that it must clean up.
  ASSERT_EQ(mkdir(Path("d").c_str(), 0777), 0);
  EXPECT_FALSE(WriteFileAtomically(Path("d"), "x").ok());
  EXPECT_THAT(Names(), ::testing::UnorderedElementsAre("a", "d"));
}

TEST_F(FileTest, AFailedWriteLeavesTheOldFile) {
  const absl::Status status = WriteFileAtomically(Path("none/a"), "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("none/a"));
}

TEST_F(FileTest, AReaderNeverSeesAPartialFile) {
  const std::string a(50'000, 'a');
  const std::string b(50'000, 'b');
  ASSERT_TRUE(WriteFileAtomically(Path("f"), a).ok());
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(WriteFileAtomically(Path("f"), i % 2 == 0 ? b : a).ok());
    }
  });
  for (int i = 0; i < 200; ++i) ASSERT_THAT(*ReadFile(Path("f")), AnyOf(Eq(a), Eq(b)));
  writer.join();
}

TEST_F(FileTest, KeepsALinkAndReplacesItsTarget) {
  ASSERT_TRUE(WriteFileAtomically(Path("target"), "old").ok());
  ASSERT_EQ(symlink(Path("target").c_str(), Path("link").c_str()), 0);
  ASSERT_TRUE(WriteFileAtomically(Path("link"), "new").ok());
  EXPECT_EQ(*ReadFile(Path("target")), "new");
  struct stat link;
  ASSERT_EQ(lstat(Path("link").c_str(), &link), 0);
  EXPECT_TRUE(S_ISLNK(link.st_mode));
}

// `-o /dev/stdout` as root must not replace the device with a file.
TEST_F(FileTest, WritesToAPipeWithoutReplacingIt) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0666), 0);
  const UniqueFd reader(open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(WriteFileAtomically(Path("pipe"), "hello").ok());
  char buffer[16];
  EXPECT_EQ(read(reader.get(), buffer, sizeof(buffer)), 5);
  struct stat now;
  ASSERT_EQ(stat(Path("pipe").c_str(), &now), 0);
  EXPECT_TRUE(S_ISFIFO(now.st_mode));
}

}  // namespace
}  // namespace assay
