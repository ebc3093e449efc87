#include "agent/profiler/elf_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "agent/profiler/address_space.h"
#include "agent/profiler/elf_file.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

namespace fs = std::filesystem;

class ElfFilesTest : public ::testing::Test {
 protected:
  // The mapping that a process of the program would have.
  static CodeMapping MappingOf(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return {.start = 0x1000, .end = 0x2000, .inode = status.st_ino, .path = path};
  }
  static std::string Program(const std::string& name) {
    return fs::canonical(AssayFile("agent/profiler/" + name).value());
  }
  ElfFile* Find(const std::string& path) { return files_.Find(getpid(), MappingOf(path)); }

  const std::string path_ = testing::TempDir() + "/elf_files_test_program";
  ElfFiles files_;
};

TEST_F(ElfFilesTest, KeepsFilesForTheNextProfile) {
  files_.BeginProfile();
  ElfFile* const file = Find(Program("burn_shares"));
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(Find(Program("burn_shares")), file);
  files_.BeginProfile();
  EXPECT_EQ(Find(Program("burn_shares")), file);
  EXPECT_EQ(files_.size(), 1u);
}

// A program that is rebuilt into the same file between two profiles.
TEST_F(ElfFilesTest, OpensAChangedFileAgain) {
  fs::copy_file(Program("burn_shares"), path_, fs::copy_options::overwrite_existing);
  files_.BeginProfile();
  ElfFile* const before = Find(path_);
  ASSERT_NE(before, nullptr);
  fs::permissions(path_, fs::perms::owner_all);
  fs::copy_file(Program("burn_stripped"), path_, fs::copy_options::overwrite_existing);
  files_.BeginProfile();
  ElfFile* const after = Find(path_);
  ASSERT_NE(after, nullptr);
  EXPECT_NE(after, before);
  EXPECT_EQ(files_.size(), 2u);
}

TEST_F(ElfFilesTest, ClosesFilesThatSeveralProfilesDidNotUse) {
  files_.BeginProfile();
  ASSERT_NE(Find(Program("burn_shares")), nullptr);
  for (int i = 0; i < 20; ++i) {
    files_.BeginProfile();
    EXPECT_NE(Find(Program("burn_stripped")), nullptr);
  }
  EXPECT_EQ(files_.size(), 1u);
}

TEST_F(ElfFilesTest, ReturnsNullForFilesThatAreNotElfFiles) {
  files_.BeginProfile();
  EXPECT_EQ(files_.Find(getpid(), {.start = 1, .end = 2, .inode = 7, .path = "/no/such"}), nullptr);
  EXPECT_EQ(files_.Find(getpid(), {.start = 1, .end = 2, .path = "[heap]"}), nullptr);
  EXPECT_NE(files_.Find(getpid(), {.start = 1, .end = 2, .path = "[vdso]"}), nullptr);
}

}  // namespace
}  // namespace assay::profiler
