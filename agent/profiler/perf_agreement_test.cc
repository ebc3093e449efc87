// Compares the profiler with perf: both sample one server under one load, and every important function must have the
// same share in both, within the sampling error.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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

namespace assay::agent {
namespace {

constexpr char kPerf[] = "/usr/bin/perf";
constexpr int kFrequencyHz = 997;
constexpr int kSeconds = 4;
constexpr int kMostRounds = 3;
// Functions with a smaller share in both are not compared.
constexpr double kLeastShare = 0.03;
constexpr char kUnknown[] = "[unknown]";

absl::Time Soon() { return absl::Now() + absl::Minutes(2); }

std::unique_ptr<agent::LaunchedProcess> Start(std::vector<std::string> argv) {
  agent::LaunchOptions options;
  options.argv = std::move(argv);
  absl::StatusOr<std::unique_ptr<agent::LaunchedProcess>> process =
      agent::LaunchedProcess::Start(std::move(options));
  EXPECT_TRUE(process.ok()) << process.status();
  return *std::move(process);
}

// Not a LaunchedProcess, which has a PID namespace of its own: perf would look for another process.
bool Succeeds(const std::string& command) { return std::system(command.c_str()) == 0; }

// The address of the server.
std::string AddressOf(const agent::LaunchedProcess& server) {
  EXPECT_TRUE(server.WaitForOutput("listening on ", Soon()));
  EXPECT_TRUE(server.WaitForOutput("\n", Soon()));
  const std::string output = server.StandardOutput();
  const size_t begin = output.find("listening on ") + sizeof("listening on ") - 1;
  return output.substr(begin, output.find('\n', begin) - begin);
}

// The C library has several names for one function, and each tool chooses one of them.
std::string CommonName(std::string name) {
  name.resize(std::min(name.size(), name.find("@@")));
  name.erase(0, std::min(name.size(), name.find_first_not_of('_')));
  if (absl::StartsWith(name, "libc_")) name.erase(0, 5);
  return name;
}

// By function name: the share of time in which it was anywhere on the stack. Without inlined functions, because perf
// runs with inlining disabled.
std::map<std::string, double> Shares(const StackProfile& profile) {
  FunctionTree tree;
  tree.Add(profile, StackTime::kOnCpu);
  const std::vector<StackWeight> totals = tree.FunctionTotals();
  const auto all = static_cast<double>(profile.total(StackTime::kOnCpu).samples);
  std::map<std::string, double> shares;
  for (size_t i = 0; i < totals.size(); ++i) {
    const TreeFunction& function = tree.functions()[i];
    if (function.inlined) continue;
    // A function without a name has a build id, and its start address in place of the name.
    const std::string name = function.build_id.empty() ? CommonName(function.name) : kUnknown;
    shares[name] += static_cast<double>(totals[i].samples) / all;
  }
  return shares;
}

// The results of both for one server in the same interval.
struct TwoViews {
  StackProfile own;
  StackProfile perf;
};

// Nullopt, with the reason in `skipped`, if the system refused perf or the profiler.
std::optional<TwoViews> Watch(pid_t server, std::string* skipped) {
  std::vector<ProfileChunk> chunks;
  absl::StatusOr<std::unique_ptr<Profiler>> profiler =
      Profiler::Start({.root = server, .frequency_hz = kFrequencyHz},
                      [&](ProfileChunk chunk) { chunks.push_back(std::move(chunk)); });
  if (!profiler.ok()) {
    ADD_FAILURE() << profiler.status();
    return std::nullopt;
  }
  const std::string data = absl::StrCat(::testing::TempDir(), "/perf.data");
  const bool recorded = Succeeds(absl::StrCat(
      "timeout 60 ", kPerf, " record --event=cpu-clock --freq=", kFrequencyHz,
      " --call-graph=dwarf,32768 --pid=", server, " --output=", data, " -- sleep ", kSeconds));
  const ProfileInfo info = (*profiler)->Stop();
  if (!info.refused().empty()) *skipped = absl::StrCat(info.refused(), "; ", info.remedy());
  if (!recorded) *skipped = "perf record did not succeed: see above";
  if (!skipped->empty()) return std::nullopt;
  EXPECT_EQ(info.event(), "cpu-clock");
  const std::string text_file = absl::StrCat(::testing::TempDir(), "/perf.txt");
  EXPECT_TRUE(Succeeds(
      absl::StrCat("timeout 200 ", kPerf, " script --no-inline --input=", data, " > ", text_file)));
  absl::StatusOr<PerfScript> perf = ParsePerfScript(ReadFile(text_file).value(), kFrequencyHz);
  if (!perf.ok()) {
    ADD_FAILURE() << perf.status();
    return std::nullopt;
  }
  return TwoViews{.own = FromProto(chunks).value(), .perf = std::move(perf->profile)};
}

struct Agreement {
  int compared = 0;
  // By function: differences, in either direction, that chance does not explain.
  std::map<std::pair<std::string, bool>, std::string> differences;
};

Agreement Compare(const TwoViews& views) {
  Agreement agreement;
  const auto own_count = static_cast<double>(views.own.total(StackTime::kOnCpu).samples);
  const auto perf_count = static_cast<double>(views.perf.total(StackTime::kOnCpu).samples);
  EXPECT_GT(own_count, 500);
  EXPECT_GT(perf_count, 500);
  const std::map<std::string, double> own_shares = Shares(views.own);
  const std::map<std::string, double> perf_shares = Shares(views.perf);
  std::map<std::string, double> all = own_shares;
  all.insert(perf_shares.begin(), perf_shares.end());
  for (const auto& [name, unused] : all) {
    const auto in = [&name = name](const std::map<std::string, double>& shares) {
      const auto found = shares.find(name);
      return found == shares.end() ? 0.0 : found->second;
    };
    const double a = in(own_shares);
    const double b = in(perf_shares);
    if (std::max(a, b) < kLeastShare) continue;
    // A stripped function has no name, or a name only in the tool that found debug symbols elsewhere.
    const bool nameless = own_shares.contains(kUnknown) || perf_shares.contains(kUnknown);
    if (name == kUnknown || (nameless && std::min(a, b) == 0)) continue;
    ++agreement.compared;
    const double mean = (a + b) / 2;
    const double error = std::sqrt(mean * (1 - mean) * (1 / own_count + 1 / perf_count));
    if (std::abs(a - b) > 4 * error + 0.005) {
      agreement.differences[{name, a > b}] =
          absl::StrCat("ours ", a, ", perf's ", b, ", standard error ", error);
    }
    std::cout << absl::StrCat(name, ": ", a, " and ", b, "\n");
  }
  return agreement;
}

// The samples of the two tools are independent only on a quiet machine. Other load makes them differ by more than their
// number explains, in either direction. So a function fails only if it differs in the same direction every time.
TEST(PerfAgreementTest, EveryFunctionHasTheSameShareInBoth) {
  if (access(kPerf, X_OK) != 0)
    GTEST_SKIP() << "no " << kPerf << " to agree with (Debian: linux-perf)";
  const std::unique_ptr<agent::LaunchedProcess> server =
      Start({AssayFile("server/server").value(), "--listen=127.0.0.1:0"});
  const std::unique_ptr<agent::LaunchedProcess> load =
      Start({AssayFile("agent/loadgen/loadgen").value(), "--target=" + AddressOf(*server),
             "--path=/json", "--connections=64", "--duration=120s", "--warmup=0s"});
  absl::SleepFor(absl::Seconds(1));
  std::optional<Agreement> always;
  for (int round = 0; round < kMostRounds && (!always.has_value() || !always->differences.empty());
       ++round) {
    std::string skipped;
    const std::optional<TwoViews> views = Watch(server->pid(), &skipped);
    if (!skipped.empty()) GTEST_SKIP() << skipped;
    ASSERT_TRUE(views.has_value());
    Agreement seen = Compare(*views);
    EXPECT_GE(seen.compared, 10);
    if (always.has_value()) {
      std::erase_if(seen.differences, [&](const auto& difference) {
        return !always->differences.contains(difference.first);
      });
    }
    always = std::move(seen);
  }
  EXPECT_TRUE(load->Stop(SIGINT, absl::Minutes(1)).ok());
  for (const auto& [function, difference] : always->differences)
    ADD_FAILURE() << function.first << ": " << difference;
}

}  // namespace
}  // namespace assay::agent
