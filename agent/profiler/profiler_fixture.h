#ifndef ASSAY_AGENT_PROFILER_PROFILER_FIXTURE_H_
#define ASSAY_AGENT_PROFILER_PROFILER_FIXTURE_H_

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/launched_process.h"
#include "agent/profiler/profile_folder.h"
#include "agent/profiler/profiler.h"
#include "common/runfiles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {

// A frequency that is not a multiple of any frequency in the program.
inline constexpr int kFrequencyHz = 997;
inline constexpr int kBurnMilliseconds = 2500;

// The result of one profile.
struct Profiled {
  ProfileInfo info;
  profiler::ProfileFolder folder;
  size_t bytes = 0;
  // Nanoseconds in each function, as the program reports them.
  std::map<std::string, int64_t> truth;

  double Share(const std::string& function) const {
    int64_t with = 0;
    int64_t all = 0;
    for (const profiler::ProfileFolder::Sample& sample : folder.samples()) {
      if (sample.kind != ProfileStack::ON_CPU) continue;
      ++all;
      with += Has(sample, function) ? 1 : 0;
    }
    return static_cast<double>(with) / static_cast<double>(std::max<int64_t>(all, 1));
  }
  static bool Has(const profiler::ProfileFolder::Sample& sample, const std::string& function) {
    return std::any_of(sample.functions.begin(), sample.functions.end(),
                       [&](const std::string& name) {
                         return name == function || name == "assay::profiler::" + function;
                       });
  }
};

class ProfilerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ProfilerConfig config = {.root = getpid()};
    const ProfileInfo info = Profiler::Start(config, [](const ProfileChunk&) {}).value()->Stop();
    if (!info.refused().empty()) GTEST_SKIP() << info.refused() << "; " << info.remedy();
  }

  static std::unique_ptr<agent::LaunchedProcess> Burner(const std::string& mode,
                                                        int milliseconds = kBurnMilliseconds,
                                                        const std::string& program = "burn_shares",
                                                        const char* end = nullptr) {
    agent::LaunchOptions options;
    options.argv = {AssayFile("agent/profiler/" + program).value(), mode,
                    std::to_string(milliseconds)};
    if (end != nullptr) options.argv.emplace_back(end);
    auto process = agent::LaunchedProcess::Start(std::move(options)).value();
    EXPECT_TRUE(process->WaitForOutput("ready", absl::Now() + absl::Minutes(1)));
    return process;
  }

  static Profiled Profile(agent::LaunchedProcess& process, ProfilerConfig config) {
    Profiled profiled;
    config.root = process.pid();
    config.frequency_hz = kFrequencyHz;
    uint32_t sequence = 0;
    auto profiler = Profiler::Start(config, [&](const ProfileChunk& chunk) {
      EXPECT_EQ(chunk.sequence(), sequence++);
      EXPECT_LE(chunk.ByteSizeLong(), size_t{64} << 10);
      profiled.bytes += chunk.ByteSizeLong();
      profiled.folder.Add(chunk);
    });
    kill(process.pid(), SIGUSR1);
    EXPECT_TRUE(process.WaitForOutput(" .\n", absl::Now() + absl::Minutes(2)));
    profiled.info = (*profiler)->Stop();
    EXPECT_THAT(profiled.info.refused(), ::testing::IsEmpty());
    EXPECT_EQ(profiled.info.lost(), 0u);
    const std::vector<std::string> fields =
        absl::StrSplit(process.StandardOutput(), absl::ByAnyChar(" \n"));
    for (size_t i = 0; i + 1 < fields.size(); ++i) {
      int64_t nanos = 0;
      if (absl::SimpleAtoi(fields[i + 1], &nanos)) profiled.truth[fields[i]] = nanos;
    }
    return profiled;
  }
  static Profiled Profile(const std::string& mode) { return Profile(*Burner(mode), {}); }

  // Expects the share of every function within three standard errors, and at least 99 % whole stacks.
  static void ExpectTrue(const Profiled& profiled) {
    double all = 0;
    for (const auto& [function, nanos] : profiled.truth) all += static_cast<double>(nanos);
    const auto count = static_cast<double>(profiled.info.samples());
    ASSERT_GT(count, 1000);
    ASSERT_THAT(profiled.truth, ::testing::Not(::testing::IsEmpty()));
    for (const auto& [function, nanos] : profiled.truth) {
      const double truth = static_cast<double>(nanos) / all;
      const double error = std::sqrt(truth * (1 - truth) / count);
      EXPECT_NEAR(profiled.Share(function), truth, 3 * error) << function;
    }
    ExpectWhole(profiled);
  }

  static void ExpectWhole(const Profiled& profiled) {
    const auto count = static_cast<double>(profiled.info.samples());
    EXPECT_GE(static_cast<double>(profiled.info.whole()), 0.99 * count);
    // Checks where the stacks begin, independently of the profiler's own count. A thread begins in a function of the C
    // library that has a name only if its debug symbols are installed.
    const auto is_of_libc = [](const std::string& note) {
      return note.find("libc.so.6 has no symbols") != std::string::npos;
    };
    const bool nameless =
        std::any_of(profiled.info.notes().begin(), profiled.info.notes().end(), is_of_libc);
    int64_t begun = 0;
    for (const profiler::ProfileFolder::Sample& sample : profiled.folder.samples()) {
      const std::string& first = sample.functions.front();
      begun += first == "_start" || first == "clone" || first == "__clone3" || first == "clone3" ||
               first == "__clone" || (nameless && first == "[unknown]");
    }
    EXPECT_GE(static_cast<double>(begun), 0.99 * count);
  }
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_PROFILER_PROFILER_FIXTURE_H_
