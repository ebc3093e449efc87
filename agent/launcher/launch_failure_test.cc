#include "agent/launcher/launch_failure.h"

#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "agent/launcher/launch_fixture.h"
#include "agent/launcher/launch_options.h"
#include "agent/launcher/launched_process.h"
#include "agent/launcher/marked_processes.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Each error says what failed, why and what to do, and no process remains.
class LaunchFailureTest : public LaunchFixture {
 protected:
  absl::Status Fails(LaunchOptions options) const {
    const absl::Status status = LaunchedProcess::Start(std::move(options)).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
    return status;
  }
  absl::Status FailsToExec(const std::string& program) const {
    LaunchOptions options = Options({});
    options.argv[0] = program;
    return Fails(std::move(options));
  }
  static std::string FileWith(const std::string& contents, mode_t mode) {
    std::string folder = ::testing::TempDir() + "launch_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    EXPECT_TRUE(WriteFileAtomically(folder + "/program", contents).ok());
    chmod((folder + "/program").c_str(), mode);
    return folder + "/program";
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, LaunchFailureTest, ::testing::Bool(), ModeName);

TEST_P(LaunchFailureTest, AProgramThatIsNotInstalled) {
  const absl::Status status = FailsToExec("no-such-program");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("\"no-such-program\": no such program in PATH; install"));
}

TEST_P(LaunchFailureTest, APathThatDoesNotExist) {
  const absl::Status status = FailsToExec("/none/such");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("No such file or directory; build or install it"));
}

TEST_P(LaunchFailureTest, AFileThatIsNotExecutable) {
  const absl::Status status = FailsToExec(FileWith("#!/bin/sh\n", 0644));
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("Permission denied; make it executable (chmod +x)"));
}

TEST_P(LaunchFailureTest, AFolder) {
  const absl::Status status = FailsToExec("/usr/");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("it is a folder"));
}

TEST_P(LaunchFailureTest, AScriptWithoutItsInterpreter) {
  const absl::Status status = FailsToExec(FileWith("#!/none/such\n", 0755));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("although the file exists: the interpreter"));
}

TEST_P(LaunchFailureTest, AFileThatIsNotAProgram) {
  const absl::Status status = FailsToExec(FileWith("hello", 0755));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("not a program for this machine"));
}

TEST_P(LaunchFailureTest, AWorkingDirectoryThatDoesNotExist) {
  LaunchOptions options = Options({"exit", "0"});
  options.working_directory = "/none/such";
  const absl::Status status = Fails(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("\"/none/such\": No such file or directory; create it"));
}

TEST_P(LaunchFailureTest, CpusThatDoNotExist) {
  LaunchOptions options = Options({"exit", "0"});
  options.cpus = *CpuSet::Parse("0,8000");
  const absl::Status status = Fails(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("\"0,8000\""));
  EXPECT_THAT(status.message(), HasSubstr("online CPUs are \"0"));
}

TEST_P(LaunchFailureTest, ADescriptorThatIsNotOpen) {
  LaunchOptions options = Options({"exit", "0"});
  options.pass_fds = {{1000, 3}};
  EXPECT_THAT(Fails(std::move(options)).message(), HasSubstr("descriptor 1000"));
}

TEST_P(LaunchFailureTest, InvalidOptions) {
  EXPECT_EQ(LaunchedProcess::Start({}).status().code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions twice = Options({"exit", "0"});
  twice.pass_fds = {{0, 5}, {1, 5}};
  EXPECT_EQ(Fails(std::move(twice)).code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions output = Options({"exit", "0"});
  output.pass_fds = {{0, 1}};
  EXPECT_EQ(Fails(std::move(output)).code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions nul = Options({std::string("a\0b", 3)});
  EXPECT_EQ(Fails(std::move(nul)).code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions variable = Options({"exit", "0"});
  variable.environment["A=B"] = "c";
  EXPECT_EQ(Fails(std::move(variable)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(LaunchFailureTest, ALaunchProgramThatIsMissingOrAnotherProgram) {
  LaunchOptions missing = Options({"exit", "0"});
  missing.launch_program = "/none/such";
  EXPECT_THAT(Fails(std::move(missing)).message(), HasSubstr("/none/such"));
  LaunchOptions other = Options({"exit", "0"});
  other.launch_program = "/bin/false";
  EXPECT_THAT(Fails(std::move(other)).message(), HasSubstr("ended before exec"));
}

}  // namespace
}  // namespace assay::agent
