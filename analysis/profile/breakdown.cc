#include "analysis/profile/breakdown.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/run_bootstrap.h"
#include "analysis/student_distribution.h"

namespace assay {
namespace {

// The name of time in stacks without any function outside the kernel.
constexpr char kKernelAlone[] = "[kernel]";
// A difference of this share of the figures is rounding.
constexpr double kRounding = 1e-12;

double Mean(absl::Span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

absl::Status CheckStarts(absl::Span<const ProfiledStart> baseline,
                         absl::Span<const ProfiledStart> candidate) {
  if (baseline.empty() || candidate.empty()) {
    return absl::InvalidArgumentError(
        "a breakdown of a difference needs at least one profiled start on each side");
  }
  for (const absl::Span<const ProfiledStart> side : {baseline, candidate}) {
    for (const ProfiledStart& start : side) {
      if (start.event != baseline[0].event) {
        return absl::InvalidArgumentError(
            absl::StrCat("profiles of different events cannot be compared: ", baseline[0].event,
                         " and ", start.event));
      }
      if (start.tree->Totals()[FunctionTree::kRoot].ns == 0) {
        return absl::InvalidArgumentError("a profile without samples cannot be compared");
      }
      if (!(start.cpu_us_per_request > 0) || !std::isfinite(start.cpu_us_per_request)) {
        return absl::InvalidArgumentError(
            "a profile without CPU time per request cannot be broken down");
      }
    }
  }
  return absl::OkStatus();
}

// Figures of one row by start: microseconds of CPU time per request.
struct RowValues {
  std::vector<double> baseline;
  std::vector<double> candidate;

  RowValues(size_t baseline_starts, size_t candidate_starts)
      : baseline(baseline_starts), candidate(candidate_starts) {}
  std::vector<double>& side(bool of_candidate) { return of_candidate ? candidate : baseline; }
  double largest_mean() const { return std::max(Mean(baseline), Mean(candidate)); }
  RowValues& operator+=(const RowValues& other) {
    for (size_t i = 0; i < baseline.size(); ++i) baseline[i] += other.baseline[i];
    for (size_t i = 0; i < candidate.size(); ++i) candidate[i] += other.candidate[i];
    return *this;
  }
  friend bool operator<(const RowValues& a, const RowValues& b) {
    return std::tie(a.baseline, a.candidate) < std::tie(b.baseline, b.candidate);
  }
};

// The starts that are compared; in pairs, entries of equal index belong together.
struct ComparedStarts {
  std::vector<const ProfiledStart*> baseline;
  std::vector<const ProfiledStart*> candidate;
  bool paired = false;
};

ComparedStarts Matched(absl::Span<const ProfiledStart> baseline,
                       absl::Span<const ProfiledStart> candidate, bool may_pair) {
  std::map<uint32_t, const ProfiledStart*> by_block;
  for (const ProfiledStart& start : baseline) by_block.try_emplace(start.block, &start);
  ComparedStarts pairs{.paired = true};
  for (const ProfiledStart& start : candidate) {
    const auto found = by_block.find(start.block);
    if (found == by_block.end()) continue;
    pairs.baseline.push_back(found->second);
    pairs.candidate.push_back(&start);
    // A block has one pair, even if a start was repeated.
    by_block.erase(found);
  }
  if (may_pair && pairs.candidate.size() >= 2) return pairs;
  ComparedStarts all;
  for (const ProfiledStart& start : baseline) all.baseline.push_back(&start);
  for (const ProfiledStart& start : candidate) all.candidate.push_back(&start);
  return all;
}

double TwoSidedP(double t, int degrees) {
  return std::clamp(2 * StudentCdf(-std::abs(t), degrees), 0.0, 1.0);
}

// The difference of a row with a standard error, by Student's t.
void Test(double error, int degrees, double confidence, CpuDifference* row) {
  const double delta = row->us_per_request.estimate;
  const double reach = StudentQuantile(1 - (1 - confidence) / 2, degrees) * error;
  row->us_per_request.low = delta - reach;
  row->us_per_request.high = delta + reach;
  const double rounding = kRounding * (row->baseline + row->candidate);
  if (std::abs(delta) <= rounding) {
    row->p = 1;
  } else {
    row->p = error <= rounding ? 0 : TwoSidedP(delta / error, degrees);
  }
}

CpuDifference Difference(const RowValues& values, bool paired, double confidence) {
  CpuDifference row{.baseline = Mean(values.baseline), .candidate = Mean(values.candidate)};
  row.us_per_request.estimate = row.candidate - row.baseline;
  const size_t starts = std::min(values.baseline.size(), values.candidate.size());
  if (starts < 2) return row;
  if (paired) {
    std::vector<double> deltas;
    for (size_t i = 0; i < starts; ++i) deltas.push_back(values.candidate[i] - values.baseline[i]);
    Test(SampleDeviation(deltas) / std::sqrt(static_cast<double>(starts)),
         static_cast<int>(starts) - 1, confidence, &row);
    return row;
  }
  double variance = 0;
  double spread = 0;
  for (const std::vector<double>* side : {&values.baseline, &values.candidate}) {
    const auto n = static_cast<double>(side->size());
    const double of_mean = std::pow(SampleDeviation(*side), 2) / n;
    variance += of_mean;
    spread += of_mean * of_mean / (n - 1);
  }
  // Welch and Satterthwaite.
  const double degrees = spread > 0 ? variance * variance / spread : 1;
  Test(std::sqrt(variance), std::max(1, static_cast<int>(degrees)), confidence, &row);
  return row;
}

// The CPU time per request of all starts by category and function.
class CpuByFunction {
 public:
  explicit CpuByFunction(const ComparedStarts& starts, const CategoryRules& rules)
      : baseline_starts_(starts.baseline.size()),
        candidate_starts_(starts.candidate.size()),
        whole_(Empty()),
        whole_unnamed_(Empty()),
        unnamed_(kCategories, Empty()) {
    for (size_t i = 0; i < starts.baseline.size(); ++i) Add(*starts.baseline[i], false, i, rules);
    for (size_t i = 0; i < starts.candidate.size(); ++i) Add(*starts.candidate[i], true, i, rules);
  }

  struct Entry {
    Category category;
    std::string name;
    RowValues values;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  const RowValues& whole() const { return whole_; }
  RowValues Empty() const { return RowValues(baseline_starts_, candidate_starts_); }

  // How much the true difference of a category can be below and above its figure.
  std::pair<double, double> Uncertainty(Category category) const {
    const RowValues& own = unnamed_[static_cast<size_t>(category)];
    const double own_baseline = Mean(own.baseline);
    const double own_candidate = Mean(own.candidate);
    const double others_baseline = Mean(whole_unnamed_.baseline) - own_baseline;
    const double others_candidate = Mean(whole_unnamed_.candidate) - own_candidate;
    return {own_candidate + others_baseline, own_baseline + others_candidate};
  }

 private:
  void Add(const ProfiledStart& start, bool candidate, size_t index, const CategoryRules& rules) {
    const FunctionTree& tree = *start.tree;
    const std::vector<CategoryRules::Stack> stacks = rules.Classify(tree);
    const double us_per_ns =
        start.cpu_us_per_request / static_cast<double>(tree.Totals()[FunctionTree::kRoot].ns);
    whole_.side(candidate)[index] = start.cpu_us_per_request;
    // By node: the innermost node of the stack outside the kernel; the root if there is none.
    std::vector<uint32_t> innermost(stacks.size(), FunctionTree::kRoot);
    for (uint32_t i = 0; i < stacks.size(); ++i) {
      const bool kernel = i == FunctionTree::kRoot || tree.FunctionOf(i).kind == FrameKind::kKernel;
      innermost[i] = kernel ? innermost[tree.nodes()[i].parent] : i;
      const StackWeight& self = tree.nodes()[i].self;
      if (self.ns == 0) continue;
      const double us = static_cast<double>(self.ns) * us_per_ns;
      EntryOf(stacks[i].category, tree, innermost[i]).side(candidate)[index] += us;
      if (!stacks[i].unnamed) continue;
      unnamed_[static_cast<size_t>(stacks[i].category)].side(candidate)[index] += us;
      whole_unnamed_.side(candidate)[index] += us;
    }
  }

  RowValues& EntryOf(Category category, const FunctionTree& tree, uint32_t node) {
    const bool kernel = node == FunctionTree::kRoot;
    const FunctionIdentity identity =
        kernel ? FunctionIdentity() : IdentityOf(tree.FunctionOf(node));
    const auto [found, added] =
        places_.try_emplace({static_cast<uint8_t>(category), identity}, entries_.size());
    if (added) {
      entries_.push_back(
          {category, kernel ? std::string(kKernelAlone) : tree.FunctionOf(node).name, Empty()});
    }
    return entries_[found->second].values;
  }

  const size_t baseline_starts_;
  const size_t candidate_starts_;
  std::vector<Entry> entries_;
  absl::flat_hash_map<std::pair<uint8_t, FunctionIdentity>, size_t> places_;
  RowValues whole_;
  // Time that would belong to another category if its functions had names: all, and by category.
  RowValues whole_unnamed_;
  std::vector<RowValues> unnamed_;
};

// Which rows are significant. Rows with the same figures in every start count as one hypothesis.
class Findings {
 public:
  void Add(const RowValues& values, double p) {
    if (hypotheses_.try_emplace(values, p_values_.size()).second) p_values_.push_back(p);
  }
  void Judge(double rate) { found_ = BenjaminiHochberg(p_values_, rate); }
  bool IsFinding(const RowValues& values) const { return found_[hypotheses_.at(values)]; }

 private:
  std::map<RowValues, size_t> hypotheses_;
  std::vector<double> p_values_;
  std::vector<bool> found_;
};

double Size(const CpuDifference& row) { return std::abs(row.us_per_request.estimate); }

class Breaker {
 public:
  Breaker(ComparedStarts starts, const CategoryRules& categories, const BreakdownRules& rules)
      : starts_(std::move(starts)), rules_(rules), cpu_(starts_, categories) {}

  DifferenceBreakdown Run() {
    DifferenceBreakdown breakdown;
    breakdown.baseline_starts = static_cast<uint32_t>(starts_.baseline.size());
    breakdown.candidate_starts = static_cast<uint32_t>(starts_.candidate.size());
    breakdown.paired = starts_.paired;
    breakdown.whole = Row(cpu_.whole());
    breakdown.whole.significant = breakdown.whole.p < 1 - rules_.confidence;
    std::vector<Group> groups = Groups();
    Findings findings;
    for (const Group& group : groups) {
      findings.Add(group.values, Row(group.values).p);
      for (const Function& one : group.functions) findings.Add(one.values, one.row.p);
      if (group.others.has_value()) findings.Add(*group.others, Row(*group.others).p);
    }
    findings.Judge(rules_.false_discovery_rate);
    for (Group& group : groups) breakdown.categories.push_back(Judged(group, findings));
    std::stable_sort(breakdown.categories.begin(), breakdown.categories.end(),
                     [](const CategoryDifference& a, const CategoryDifference& b) {
                       return Size(a.cpu) > Size(b.cpu);
                     });
    return breakdown;
  }

 private:
  struct Function {
    std::string name;
    RowValues values;
    CpuDifference row;
  };
  // A category with its functions of at least the least share, the largest difference first.
  struct Group {
    Category category;
    RowValues values;
    std::vector<Function> functions;
    // The functions without a row of their own; not set if there are none.
    std::optional<RowValues> others;
  };

  CpuDifference Row(const RowValues& values) const {
    return Difference(values, starts_.paired, rules_.confidence);
  }

  std::vector<Group> Groups() const {
    const double least = rules_.least_share;
    const double whole_baseline = Mean(cpu_.whole().baseline);
    const double whole_candidate = Mean(cpu_.whole().candidate);
    std::map<Category, Group> groups;
    for (const CpuByFunction::Entry& entry : cpu_.entries()) {
      const auto [found, added] =
          groups.try_emplace(entry.category, Group{entry.category, cpu_.Empty(), {}, {}});
      Group& group = found->second;
      group.values += entry.values;
      if (Mean(entry.values.baseline) >= least * whole_baseline ||
          Mean(entry.values.candidate) >= least * whole_candidate) {
        group.functions.push_back({entry.name, entry.values, Row(entry.values)});
      } else {
        AddToOthers(entry.values, &group);
      }
    }
    std::vector<Group> sorted;
    for (auto& [category, group] : groups) {
      std::stable_sort(
          group.functions.begin(), group.functions.end(),
          [](const Function& a, const Function& b) { return Size(a.row) > Size(b.row); });
      for (size_t i = rules_.most_functions; i < group.functions.size(); ++i)
        AddToOthers(group.functions[i].values, &group);
      sorted.push_back(std::move(group));
    }
    return sorted;
  }

  void AddToOthers(const RowValues& values, Group* group) const {
    if (!group->others.has_value()) group->others = cpu_.Empty();
    *group->others += values;
  }

  // The rows of a category.
  CategoryDifference Judged(const Group& group, const Findings& findings) const {
    const auto judged = [&](const RowValues& values) {
      CpuDifference row = Row(values);
      row.significant = findings.IsFinding(values);
      return row;
    };
    CategoryDifference shown{.category = group.category, .cpu = judged(group.values)};
    const auto [less, more] = cpu_.Uncertainty(group.category);
    shown.bound = BoundOf(less, more, group.values.largest_mean(), cpu_.whole().largest_mean());
    const size_t named = std::min(rules_.most_functions, group.functions.size());
    for (size_t i = 0; i < named; ++i)
      shown.functions.push_back({group.functions[i].name, judged(group.functions[i].values)});
    if (group.others.has_value()) shown.functions.push_back({"", judged(*group.others)});
    return shown;
  }

  const ComparedStarts starts_;
  const BreakdownRules& rules_;
  const CpuByFunction cpu_;
};

}  // namespace

absl::StatusOr<DifferenceBreakdown> BreakDown(absl::Span<const ProfiledStart> baseline,
                                              absl::Span<const ProfiledStart> candidate,
                                              const CategoryRules& categories,
                                              const BreakdownRules& rules) {
  if (absl::Status status = CheckStarts(baseline, candidate); !status.ok()) return status;
  return Breaker(Matched(baseline, candidate, rules.paired), categories, rules).Run();
}

}  // namespace assay
