#include "analysis/comparison.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/normal_distribution.h"
#include "analysis/rank_sum.h"
#include "analysis/signed_rank.h"

namespace assay {
namespace {

constexpr double kPower = 0.8;
constexpr double kNever = 1000;

double OwnConfidence(const ComparisonRules& rules) {
  assert(rules.family >= 1);
  return 1 - (1 - rules.confidence) / rules.family;
}

absl::Status CheckFigure(double figure) {
  if (figure > 0 && std::isfinite(figure)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a ratio of figures needs them positive and finite, and one is ", figure));
}

double Variance(absl::Span<const double> values) {
  if (values.size() < 2) return 0;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / (n - 1);
}

Verdict Judge(const Estimate& log_ratio, const ComparisonRules& rules) {
  if (!log_ratio.low.has_value()) return Verdict::kInconclusive;
  const double edge = std::log1p(rules.zone);
  if (*log_ratio.low > edge) {
    return rules.better == Better::kHigher ? Verdict::kFaster : Verdict::kSlower;
  }
  if (*log_ratio.high < -edge) {
    return rules.better == Better::kHigher ? Verdict::kSlower : Verdict::kFaster;
  }
  if (*log_ratio.low >= -edge && *log_ratio.high <= edge) return Verdict::kEquivalent;
  return Verdict::kInconclusive;
}

// The sample size of a normal test, which the signed-rank test comes within 5 % of: deviation of
// the differences over the distance that must be told from zero.
std::optional<uint32_t> BlocksNeeded(double log_ratio, double deviation, uint32_t blocks,
                                     const ComparisonRules& rules) {
  const double tail = (1 - OwnConfidence(rules)) / 2;
  const double quantiles = NormalQuantile(1 - tail) + NormalQuantile(kPower);
  const double distance = std::abs(std::abs(log_ratio) - std::log1p(rules.zone));
  const double needed = std::ceil(std::pow(quantiles * deviation / distance, 2));
  // Not written as needed > kNever: no distance at all gives no number.
  if (!(needed <= kNever)) return std::nullopt;
  return std::max({static_cast<uint32_t>(needed), blocks + 1, BlocksForAnyVerdict(rules)});
}

RatioComparison Conclude(const Estimate& log_ratio, double deviation, size_t blocks,
                         const ComparisonRules& rules) {
  RatioComparison comparison;
  comparison.ratio.estimate = std::exp(log_ratio.estimate);
  if (log_ratio.low.has_value()) {
    comparison.ratio.low = std::exp(*log_ratio.low);
    comparison.ratio.high = std::exp(*log_ratio.high);
  }
  comparison.confidence = OwnConfidence(rules);
  comparison.blocks = static_cast<uint32_t>(blocks);
  comparison.verdict = Judge(log_ratio, rules);
  // One difference has no deviation to go by.
  if (comparison.verdict == Verdict::kInconclusive && blocks >= 2) {
    comparison.blocks_needed =
        BlocksNeeded(log_ratio.estimate, deviation, comparison.blocks, rules);
  }
  return comparison;
}

absl::StatusOr<std::vector<double>> Logarithms(absl::Span<const double> figures) {
  std::vector<double> logarithms;
  logarithms.reserve(figures.size());
  for (const double figure : figures) {
    if (absl::Status status = CheckFigure(figure); !status.ok()) return status;
    logarithms.push_back(std::log(figure));
  }
  return logarithms;
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kEquivalent:
      return "equivalent";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

absl::StatusOr<RatioComparison> ComparePaired(absl::Span<const BlockPair> blocks,
                                              const ComparisonRules& rules) {
  std::vector<double> differences;
  differences.reserve(blocks.size());
  for (const BlockPair& block : blocks) {
    if (absl::Status status = CheckFigure(block.baseline); !status.ok()) return status;
    if (absl::Status status = CheckFigure(block.candidate); !status.ok()) return status;
    differences.push_back(std::log(block.candidate / block.baseline));
  }
  return Conclude(HodgesLehmann(differences, OwnConfidence(rules)),
                  std::sqrt(Variance(differences)), blocks.size(), rules);
}

absl::StatusOr<RatioComparison> CompareUnpaired(absl::Span<const double> baseline,
                                                absl::Span<const double> candidate,
                                                const ComparisonRules& rules) {
  absl::StatusOr<std::vector<double>> from = Logarithms(baseline);
  if (!from.ok()) return from.status();
  absl::StatusOr<std::vector<double>> to = Logarithms(candidate);
  if (!to.ok()) return to.status();
  return Conclude(HodgesLehmannShift(*from, *to, OwnConfidence(rules)),
                  std::sqrt(Variance(*from) + Variance(*to)), std::min(from->size(), to->size()),
                  rules);
}

uint32_t BlocksForAnyVerdict(const ComparisonRules& rules) {
  return static_cast<uint32_t>(SignedRankPairsNeeded(OwnConfidence(rules)));
}

}  // namespace assay
