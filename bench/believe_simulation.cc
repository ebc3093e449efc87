// Simulates campaigns whose true ratio is known, judges them with the code that judges real ones
// (analysis/comparison.h), and prints how often the verdict is wrong.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "analysis/comparison.h"
#include "analysis/dependence.h"
#include "analysis/random_stream.h"
#include "common/command_line.h"
#include "common/standard_streams.h"

namespace assay {
namespace {

// Three load levels are compared, as in the original experiment.
constexpr uint32_t kFamily = 3;

// One kind of campaign.
struct Setting {
  double minutes = 0;
  uint32_t blocks = 0;
  // Whether the machine has a state that favours one program.
  bool state = false;
  double true_ratio = 1;
};

// Standard deviation of the log ratio of one block at one level: what starts of different programs showed.
constexpr double kBlockDeviation = 0.01;
// Each minute, the machine favours one of the two programs by 2 to 4 %. The campaign begins at some moment of a minute.
constexpr double kStateSeconds = 60;
constexpr double kStateLeast = 0.02;
constexpr double kStateMost = 0.04;

// Independent numbers of the distributions that the model needs.
class Draws {
 public:
  explicit Draws(uint64_t seed) : random_(seed) {}

  double Uniform() { return random_.NextDouble(); }
  bool Coin() { return random_.Below(2) == 0; }
  double Gaussian() {
    return std::sqrt(-2 * std::log1p(-Uniform())) * std::cos(2 * M_PI * Uniform());
  }
  // Student's t with 3 degrees of freedom, scaled to a standard deviation of 1.
  double HeavyTailed() {
    double squares = 0;
    for (int i = 0; i < 3; ++i) squares += std::pow(Gaussian(), 2);
    return Gaussian() / std::sqrt(squares);
  }

 private:
  RandomStream random_;
};

// The shift of the machine's state over time: constant for a while, then drawn anew.
class MachineState {
 public:
  explicit MachineState(Draws& draws) : draws_(draws), left_(kStateSeconds * draws.Uniform()) {
    Change();
  }

  // The mean shift from the end of the last call for `seconds`.
  double MeanOver(double seconds) {
    double sum = 0;
    double rest = seconds;
    while (rest > 0) {
      if (left_ <= 0) {
        left_ = kStateSeconds;
        Change();
      }
      const double step = std::min(rest, left_);
      sum += step * shift_;
      rest -= step;
      left_ -= step;
    }
    return sum / seconds;
  }

 private:
  void Change() {
    shift_ = kStateLeast + (kStateMost - kStateLeast) * draws_.Uniform();
    if (draws_.Coin()) shift_ = -shift_;
  }

  Draws& draws_;
  // Until the next change, in seconds.
  double left_ = 0;
  double shift_ = 0;
};

// The blocks of each level, in the order of time.
std::vector<std::vector<BlockPair>> DrawCampaign(const Setting& setting, Draws& draws) {
  std::vector<std::vector<BlockPair>> levels(kFamily);
  MachineState state(draws);
  const double seconds = setting.minutes * 60 / setting.blocks / kFamily;
  for (uint32_t block = 0; block < setting.blocks; ++block) {
    for (std::vector<BlockPair>& level : levels) {
      const double shift = setting.state ? state.MeanOver(seconds) : 0;
      const double noise = kBlockDeviation * draws.HeavyTailed();
      level.push_back({100, 100 * setting.true_ratio * std::exp(shift + noise)});
    }
  }
  return levels;
}

// Over all campaigns: how often something is so. The first figures count campaigns in which one level or more is wrong.
struct Rates {
  int campaigns = 0;
  // A verdict of faster, or slower, that the true ratio does not support.
  int false_difference = 0;
  // A verdict of equivalent although the true ratio is not within the zone.
  int false_equivalence = 0;
  // Some interval does not contain the true ratio.
  int missed_truth = 0;
  // Some interval does not contain 1: a comparison without a floor would claim a difference.
  int excludes_one = 0;
  // Campaigns that were judged by segments of time.
  int dependent = 0;
  // Levels with the right verdict: equivalent at a true ratio of 1, else slower.
  int right = 0;

  double Percent(int count) const { return 100.0 * count / campaigns; }
};

void Judge(const std::vector<std::vector<BlockPair>>& levels, const Setting& setting,
           bool dependent, Rates& rates) {
  const ComparisonRules rules = {.family = kFamily};
  bool false_difference = false;
  bool false_equivalence = false;
  bool missed_truth = false;
  bool excludes_one = false;
  for (const std::vector<BlockPair>& level : levels) {
    const RatioComparison comparison = ComparePaired(level, rules, dependent).value();
    const Verdict verdict = comparison.verdict;
    const double low = comparison.ratio.low.value_or(0);
    const double high = comparison.ratio.high.value_or(INFINITY);
    const bool differs = setting.true_ratio > 1 + rules.floor;
    false_difference |= verdict == Verdict::kFaster || (verdict == Verdict::kSlower && !differs);
    false_equivalence |= verdict == Verdict::kEquivalent && setting.true_ratio >= 1 + rules.zone;
    missed_truth |= setting.true_ratio < low || setting.true_ratio > high;
    excludes_one |= low > 1 || high < 1;
    rates.right += verdict == (differs ? Verdict::kSlower : Verdict::kEquivalent) ? 1 : 0;
  }
  ++rates.campaigns;
  rates.false_difference += false_difference ? 1 : 0;
  rates.false_equivalence += false_equivalence ? 1 : 0;
  rates.missed_truth += missed_truth ? 1 : 0;
  rates.excludes_one += excludes_one ? 1 : 0;
  rates.dependent += dependent ? 1 : 0;
}

bool IsDependent(const std::vector<std::vector<BlockPair>>& levels) {
  std::vector<std::vector<double>> series;
  for (const std::vector<BlockPair>& level : levels) series.push_back(LogRatios(level).value());
  return DependenceStatistic(series) > kDependenceLimit;
}

// One campaign as Assay judges it, and as it would judge with intervals for independent blocks. Returns false if the row
// could not be written.
bool PrintRow(const Setting& setting, const Rates& ours, const Rates& plain) {
  std::printf(
      "| %.0f min, %u blocks | %s | %+.0f %% | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | "
      "%.1f |\n",
      setting.minutes, setting.blocks, setting.state ? "yes" : "no", 100 * (setting.true_ratio - 1),
      ours.Percent(ours.dependent), ours.Percent(ours.false_difference),
      ours.Percent(ours.false_equivalence), 100 - ours.Percent(ours.missed_truth),
      ours.Percent(ours.right) / kFamily, plain.Percent(plain.false_difference),
      100 - plain.Percent(plain.missed_truth), plain.Percent(plain.excludes_one));
  return std::fflush(stdout) == 0;
}

void Simulate(int campaigns, uint64_t seed) {
  std::printf(
      "%d campaigns a row, three levels, floor 1 %%, zone 2 %%. Figures are %% of campaigns in "
      "which it is so for a "
      "level or more; \"all intervals hold the truth\" is for all levels, and \"right\" is %% of "
      "levels. The last three "
      "columns are of intervals for independent blocks.\n\n"
      "| campaign | state | true | dependence found | false faster or slower | false equivalent | "
      "all intervals hold "
      "the truth | right | plain: false faster or slower | plain: all hold the truth | plain: "
      "differs from 0 |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      campaigns);
  for (const auto& [minutes, blocks] :
       {std::pair(5.0, 24U), {15.0, 24U}, {15.0, 72U}, {15.0, 240U}, {30.0, 72U}}) {
    for (const bool state : {false, true}) {
      for (const double true_ratio : {1.0, 1.02, 1.03, 1.05}) {
        const Setting setting = {minutes, blocks, state, true_ratio};
        Draws draws(seed++);
        Rates ours;
        Rates plain;
        for (int i = 0; i < campaigns; ++i) {
          const auto levels = DrawCampaign(setting, draws);
          Judge(levels, setting, IsDependent(levels), ours);
          Judge(levels, setting, false, plain);
        }
        if (!PrintRow(setting, ours, plain)) return;
      }
    }
  }
}

int Run(int argc, char** argv) {
  CLI::App app("Simulates campaigns with a known true ratio and counts false verdicts.",
               "believe_simulation");
  app.footer("Example: believe_simulation --campaigns=2000");
  int campaigns = 2000;
  uint64_t seed = 1;
  app.add_option("--campaigns", campaigns, "Campaigns of each row (default: 2000)")
      ->check(CLI::PositiveNumber.description(""));
  app.add_option("--seed", seed, "Seed of the random numbers (default: 1)");
  const int parsed = ParseCommandLine(app, argc, argv, std::cout, std::cerr);
  if (parsed != kGoOn) return parsed;
  Simulate(campaigns, seed);
  return 0;
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("believe_simulation", assay::Run(argc, argv));
}
