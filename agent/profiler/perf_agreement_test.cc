// The profiler against perf itself: both watch one server under one load, and every function that matters must have the
// same share in both, as far as two samples can.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/launched_process.h"
#include "agent/profiler/profiler.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/perf_script.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay {
namespace {

constexpr char kPerf[] = "/usr/bin/perf";
constexpr int kFrequencyHz = 997;
constexpr int kSeconds = 4;
// Functions with a smaller share in both say nothing about either.
constexpr double kLeastShare = 0.03;
constexpr char kUnknown[] = "[unknown]";

absl::Time Soon() { return absl::Now() + absl::Minutes(2); }

std::unique_ptr<LaunchedProcess> Start(std::vector<std::string> argv) {
  LaunchOptions options;
  options.argv = std::move(argv);
  absl::StatusOr<std::unique_ptr<LaunchedProcess>> process =
      LaunchedProcess::Start(std::move(options));
  EXPECT_TRUE(process.ok()) << process.status();
  return *std::move(process);
}

// Not on a leash, which has a PID namespace of its own: perf would look for another process.
bool Succeeds(const std::string& command) { return std::system(command.c_str()) == 0; }

// Where the server listens.
std::string AddressOf(const LaunchedProcess& server) {
  EXPECT_TRUE(server.WaitForOutput("listening on ", Soon()));
  EXPECT_TRUE(server.WaitForOutput("\n", Soon()));
  const std::string words = server.StandardOutput();
  const size_t begin = words.find("listening on ") + sizeof("listening on ") - 1;
  return words.substr(begin, words.find('\n', begin) - begin);
}

// The C library has several names for one function; which of them is told is each tool's choice.
std::string CommonName(std::string name) {
  name.resize(std::min(name.size(), name.find("@@")));
  name.erase(0, std::min(name.size(), name.find_first_not_of('_')));
  if (absl::StartsWith(name, "libc_")) name.erase(0, 5);
  return name;
}

// By name: the share of the time in which it was anywhere on the stack. Inlined functions are left out: perf is told
// not to look for them.
std::map<std::string, double> Shares(const StackProfile& profile) {
  FunctionTree tree;
  tree.Add(profile, StackTime::kOnCpu);
  const std::vector<StackWeight> totals = tree.FunctionTotals();
  const auto all = static_cast<double>(profile.total(StackTime::kOnCpu).samples);
  std::map<std::string, double> shares;
  for (size_t i = 0; i < totals.size(); ++i) {
    const TreeFunction& function = tree.functions()[i];
    if (!function.inlined)
      shares[CommonName(function.name)] += static_cast<double>(totals[i].samples) / all;
  }
  return shares;
}

TEST(PerfAgreementTest, EveryFunctionHasItsShareInBoth) {
  if (access(kPerf, X_OK) != 0)
    GTEST_SKIP() << "no " << kPerf << " to agree with (Debian: linux-perf)";
  const std::unique_ptr<LaunchedProcess> server =
      Start({AssayFile("server/server").value(), "--listen=127.0.0.1:0"});
  const std::unique_ptr<LaunchedProcess> load =
      Start({AssayFile("agent/loadgen/loadgen").value(), "--target=" + AddressOf(*server),
             "--path=/json", "--connections=64", "--duration=60s", "--warmup=0s"});
  absl::SleepFor(absl::Seconds(1));

  std::vector<ProfileChunk> chunks;
  absl::StatusOr<std::unique_ptr<Profiler>> profiler =
      Profiler::Start({.root = server->pid(), .frequency_hz = kFrequencyHz},
                      [&](ProfileChunk chunk) { chunks.push_back(std::move(chunk)); });
  ASSERT_TRUE(profiler.ok()) << profiler.status();
  const std::string folder = ::testing::TempDir();
  const std::string data = absl::StrCat(folder, "/perf.data");
  const bool recorded =
      Succeeds(absl::StrCat("timeout 60 ", kPerf, " record --event=cpu-clock --freq=", kFrequencyHz,
                            " --call-graph=dwarf,32768 --pid=", server->pid(), " --output=", data,
                            " -- sleep ", kSeconds));
  const ProfileInfo info = (*profiler)->Stop();
  if (!info.refused().empty()) GTEST_SKIP() << info.refused() << "; " << info.remedy();
  if (!recorded) GTEST_SKIP() << "perf record did not succeed: see above";
  ASSERT_EQ(info.event(), "cpu-clock");
  EXPECT_TRUE(load->Stop(SIGINT, absl::Seconds(5)).ok());

  const std::string text_file = absl::StrCat(folder, "/perf.txt");
  ASSERT_TRUE(Succeeds(
      absl::StrCat("timeout 200 ", kPerf, " script --no-inline --input=", data, " > ", text_file)));
  const absl::StatusOr<PerfScript> perf =
      ParsePerfScript(ReadFile(text_file).value(), kFrequencyHz);
  ASSERT_TRUE(perf.ok()) << perf.status();
  const StackProfile own = FromProto(chunks).value();

  const auto own_count = static_cast<double>(own.total(StackTime::kOnCpu).samples);
  const auto perf_count = static_cast<double>(perf->profile.total(StackTime::kOnCpu).samples);
  ASSERT_GT(own_count, 500);
  ASSERT_GT(perf_count, 500);
  const std::map<std::string, double> own_shares = Shares(own);
  const std::map<std::string, double> perf_shares = Shares(perf->profile);
  std::map<std::string, double> all = own_shares;
  all.insert(perf_shares.begin(), perf_shares.end());
  int compared = 0;
  for (const auto& [name, unused] : all) {
    const auto in = [&name = name](const std::map<std::string, double>& shares) {
      const auto found = shares.find(name);
      return found == shares.end() ? 0.0 : found->second;
    };
    const double a = in(own_shares);
    const double b = in(perf_shares);
    if (std::max(a, b) < kLeastShare) continue;
    // What is stripped has a name in neither, or in one that found debug symbols elsewhere.
    const bool nameless = own_shares.contains(kUnknown) || perf_shares.contains(kUnknown);
    if (name == kUnknown || (nameless && std::min(a, b) == 0)) continue;
    ++compared;
    const double mean = (a + b) / 2;
    const double error = std::sqrt(mean * (1 - mean) * (1 / own_count + 1 / perf_count));
    EXPECT_NEAR(a, b, 4 * error + 0.005) << name << ": ours and perf's";
    std::cout << absl::StrCat(name, ": ", a, " and ", b, "\n");
  }
  EXPECT_GE(compared, 10);
}

}  // namespace
}  // namespace assay
