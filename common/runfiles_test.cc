#include "common/runfiles.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::HasSubstr;

// Sets a variable and restores it when the test ends.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    const char* old = getenv(name);
    if (old != nullptr) old_ = old;
    had_ = old != nullptr;
    value == nullptr ? unsetenv(name) : setenv(name, value, 1);
  }
  ~ScopedVariable() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::string old_;
  bool had_;
};

std::string FreshFolder() {
  std::string name = ::testing::TempDir() + "runfiles_test_XXXXXX";
  return mkdtemp(name.data());
}

TEST(AssayFileTest, FindsTheRunfilesOfTheTest) {
  const absl::StatusOr<std::string> path = AssayFile("common/runfiles.h");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(path->front(), '/');
  EXPECT_THAT(*ReadFile(*path), HasSubstr("AssayFile"));
}

// `bazel-bin/controller/controller` starts without any of Bazel's variables.
TEST(AssayFileTest, FindsTheRunfilesOfTheProgramWithoutVariables) {
  const ScopedVariable a("RUNFILES_DIR", nullptr);
  const ScopedVariable b("TEST_SRCDIR", nullptr);
  EXPECT_TRUE(AssayFile("common/runfiles.h").ok());
}

TEST(AssayFileTest, SearchesRunfilesDirFirst) {
  const std::string tree = FreshFolder();
  ASSERT_EQ(mkdir((tree + "/assay").c_str(), 0777), 0);
  ASSERT_TRUE(WriteFileAtomically(tree + "/assay/x", "").ok());
  const ScopedVariable variable("RUNFILES_DIR", tree.c_str());
  EXPECT_EQ(*AssayFile("x"), tree + "/assay/x");
}

// An installed bundle: /opt/assay/agent/agent finds /opt/assay/targets/catalogue.textproto.
TEST(AssayFileTest, FindsTheTreeOfAnInstalledProgram) {
  const std::string root = FreshFolder();
  for (const char* folder : {"/agent", "/targets"}) {
    ASSERT_EQ(mkdir((root + folder).c_str(), 0777), 0);
  }
  ASSERT_TRUE(WriteFileAtomically(root + "/targets/only_here", "").ok());
  const absl::StatusOr<std::string> probe = AssayFile("common/runfiles_probe");
  ASSERT_TRUE(probe.ok()) << probe.status();
  const std::string installed = root + "/agent/agent";
  ASSERT_TRUE(WriteFileAtomically(installed, *ReadFile(*probe)).ok());
  ASSERT_EQ(chmod(installed.c_str(), 0755), 0);
  const std::string command =
      "env -u RUNFILES_DIR -u TEST_SRCDIR " + installed + " targets/only_here > " + root + "/out";
  ASSERT_EQ(system(command.c_str()), 0);
  EXPECT_EQ(*ReadFile(root + "/out"), root + "/targets/only_here\n");
}

TEST(AssayFileTest, NamesThePlacesThatWereSearched) {
  const absl::Status status = AssayFile("common/no such file").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("common/no such file"));
  EXPECT_THAT(status.message(), HasSubstr(std::string(getenv("TEST_SRCDIR")) + "/assay/common"));
}

TEST(ExportRunfilesTest, AChildFindsTheSameFiles) {
  const ScopedVariable a("RUNFILES_DIR", nullptr);
  const ScopedVariable b("TEST_SRCDIR", nullptr);
  ExportRunfiles();
  ASSERT_NE(getenv("RUNFILES_DIR"), nullptr);
  EXPECT_EQ(
      access((std::string(getenv("RUNFILES_DIR")) + "/assay/common/runfiles.h").c_str(), R_OK), 0);
}

TEST(UserPathTest, RelativePathsBeginInTheUsersFolder) {
  const ScopedVariable variable("BUILD_WORKING_DIRECTORY", "/home/user/work");
  EXPECT_EQ(UserPath("plan.textproto"), "/home/user/work/plan.textproto");
  EXPECT_EQ(UserPath("../x"), "/home/user/x");
  EXPECT_EQ(UserPath("/etc/plan"), "/etc/plan");
}

TEST(UserPathTest, RelativePathsOutsideBazelBeginInTheCurrentFolder) {
  const ScopedVariable variable("BUILD_WORKING_DIRECTORY", nullptr);
  char current[4096];
  ASSERT_NE(getcwd(current, sizeof(current)), nullptr);
  EXPECT_EQ(UserPath("a/b"), std::string(current) + "/a/b");
}

}  // namespace
}  // namespace assay
