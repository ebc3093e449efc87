#ifndef ASSAY_AGENT_LAUNCHER_LAUNCH_FIXTURE_H_
#define ASSAY_AGENT_LAUNCHER_LAUNCH_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/launch_options.h"
#include "agent/launcher/launched_process.h"
#include "agent/launcher/marked_processes.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"

namespace assay::agent {

using Process = std::unique_ptr<LaunchedProcess>;

// A deadline that only failing tests reach.
inline absl::Time Soon() { return absl::Now() + absl::Minutes(1); }

// Launches test_program, with a PID namespace (true) and without.
class LaunchFixture : public ::testing::TestWithParam<bool> {
 protected:
  // Options to run test_program with `arguments` and mark_.
  LaunchOptions Options(std::vector<std::string> arguments) const {
    LaunchOptions options;
    options.argv = std::move(arguments);
    options.argv.insert(options.argv.begin(), AssayFile("agent/launcher/test_program").value());
    options.argv.push_back(mark_);
    options.pid_namespace = GetParam();
    return options;
  }

  static Process MustStart(LaunchOptions options) {
    absl::StatusOr<Process> process = LaunchedProcess::Start(std::move(options));
    EXPECT_TRUE(process.ok()) << process.status();
    return process.ok() ? *std::move(process) : nullptr;
  }

  // Runs a program to its end and returns its standard output.
  static std::string OutputOf(LaunchOptions options) {
    const Process process = MustStart(std::move(options));
    EXPECT_TRUE(process->WaitForEnd(Soon()).has_value());
    return process->StandardOutput();
  }

  const std::string mark_ = UniqueMark();
};

inline std::string ModeName(const ::testing::TestParamInfo<bool>& info) {
  return info.param ? "OwnNamespace" : "NoNamespace";
}

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCH_FIXTURE_H_
