#include "analysis/profile/profile_difference.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

absl::Status CheckRuns(absl::Span<const ProfileRun> a, absl::Span<const ProfileRun> b) {
  if (a.empty() || b.empty()) {
    return absl::InvalidArgumentError(
        "a comparison of profiles needs at least one profiled run on each side");
  }
  for (const absl::Span<const ProfileRun> side : {a, b}) {
    for (const ProfileRun& run : side) {
      if (run.event != a[0].event) {
        return absl::InvalidArgumentError(absl::StrCat(
            "profiles of different events cannot be compared: ", a[0].event, " and ", run.event));
      }
      if (run.tree->Totals()[FunctionTree::kRoot].ns == 0) {
        return absl::InvalidArgumentError("a profile without samples cannot be compared");
      }
    }
  }
  return absl::OkStatus();
}

// One tree of all runs.
class Runs {
 public:
  Runs(absl::Span<const ProfileRun> a, absl::Span<const ProfileRun> b) : runs_a_(a.size()) {
    for (const absl::Span<const ProfileRun> side : {a, b}) {
      for (const ProfileRun& run : side) Unite(run);
    }
    weights_.reserve(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      weights_.push_back(Place(i));
    }
  }

  const FunctionTree& tree() const { return tree_; }
  bool has_requests() const {
    return std::all_of(requests_.begin(), requests_.end(), [](uint64_t n) { return n > 0; });
  }

  // For one run: the weights by node of tree(), without callees.
  const std::vector<StackWeight>& selves(size_t run) const { return weights_[run]; }
  size_t count() const { return weights_.size(); }
  size_t runs_a() const { return runs_a_; }
  uint64_t requests(size_t run) const { return requests_[run]; }

 private:
  uint32_t Function(const TreeFunction& function) {
    const auto [entry, added] = functions_.try_emplace(IdentityOf(function), 0);
    if (added) entry->second = tree_.InternFunction(function);
    return entry->second;
  }

  void Unite(const ProfileRun& run) {
    std::vector<uint32_t> functions;
    functions.reserve(run.tree->functions().size());
    for (const TreeFunction& function : run.tree->functions()) {
      functions.push_back(Function(function));
    }
    std::vector<uint32_t> nodes(run.tree->nodes().size(), FunctionTree::kRoot);
    for (size_t i = 0; i < nodes.size(); ++i) {
      const TreeNode& node = run.tree->nodes()[i];
      if (i != FunctionTree::kRoot) {
        nodes[i] = tree_.InternChild(nodes[node.parent], functions[node.function]);
      }
      tree_.AddSelf(nodes[i], node.self);
    }
    nodes_.push_back(std::move(nodes));
    trees_.push_back(run.tree);
    requests_.push_back(run.requests);
  }

  std::vector<StackWeight> Place(size_t run) const {
    std::vector<StackWeight> weights(tree_.nodes().size());
    for (size_t i = 0; i < nodes_[run].size(); ++i) {
      weights[nodes_[run][i]] += trees_[run]->nodes()[i].self;
    }
    return weights;
  }

  size_t runs_a_;
  FunctionTree tree_;
  absl::flat_hash_map<FunctionIdentity, uint32_t> functions_;
  // By run: from the run's nodes to those of tree_.
  std::vector<std::vector<uint32_t>> nodes_;
  std::vector<const FunctionTree*> trees_;
  std::vector<uint64_t> requests_;
  std::vector<std::vector<StackWeight>> weights_;
};

// Sums of one run by node or by function.
struct RunSums {
  std::vector<double> node_totals;
  std::vector<double> node_selves;
  std::vector<double> function_totals;
  std::vector<double> function_selves;
};

RunSums SumsOf(const FunctionTree& tree, const std::vector<uint32_t>& outermost,
               const std::vector<StackWeight>& selves) {
  RunSums sums;
  const size_t nodes = tree.nodes().size();
  sums.node_totals.resize(nodes);
  sums.node_selves.resize(nodes);
  sums.function_totals.resize(tree.functions().size());
  sums.function_selves.resize(tree.functions().size());
  for (size_t i = nodes; i-- > 0;) {
    const TreeNode& node = tree.nodes()[i];
    const auto self = static_cast<double>(selves[i].ns);
    sums.node_selves[i] = self;
    sums.function_selves[node.function] += self;
    sums.node_totals[i] += self;
    if (i != FunctionTree::kRoot) sums.node_totals[node.parent] += sums.node_totals[i];
  }
  for (const uint32_t node : outermost) {
    sums.function_totals[tree.nodes()[node].function] += sums.node_totals[node];
  }
  return sums;
}

// Nodes whose function is not on any of their callers.
std::vector<uint32_t> OutermostNodes(const FunctionTree& tree) {
  std::vector<uint32_t> outermost;
  std::vector<uint32_t> on_path(tree.functions().size());
  std::vector<uint32_t> path;
  for (const uint32_t node : tree.PreOrder()) {
    while (path.size() > tree.nodes()[node].depth) {
      --on_path[path.back()];
      path.pop_back();
    }
    const uint32_t function = tree.nodes()[node].function;
    if (on_path[function]++ == 0) outermost.push_back(node);
    path.push_back(function);
  }
  return outermost;
}

class Comparer {
 public:
  Comparer(const Runs& runs, const DifferenceRules& rules)
      : runs_(runs),
        rules_(rules),
        bootstrap_(static_cast<uint32_t>(runs.runs_a()),
                   static_cast<uint32_t>(runs.count() - runs.runs_a()), rules.confidence,
                   rules.seed) {
    const std::vector<uint32_t> outermost = OutermostNodes(runs.tree());
    for (size_t run = 0; run < runs.count(); ++run) {
      sums_.push_back(SumsOf(runs.tree(), outermost, runs.selves(run)));
    }
  }

  bool enough_runs() const { return bootstrap_.enough_runs(); }

  using Sums = std::vector<double> RunSums::*;

  // Means only, if there is nothing to test.
  ProfileChange Compare(Sums of, size_t index, bool test) const {
    ProfileChange change;
    change.share = Compare(of, index, test, [this](size_t run) { return Whole(run); });
    if (runs_.has_requests()) {
      change.us_per_request = Compare(of, index, test, [this](size_t run) {
        return static_cast<double>(runs_.requests(run)) * 1e3;
      });
    }
    change.tested = test && enough_runs();
    return change;
  }

  // Whether the share in either set is large enough for a test.
  bool IsLarge(Sums of, size_t index) const {
    const ProfileChange change = Compare(of, index, false);
    return std::max(change.share.a, change.share.b) >= rules_.least_share;
  }

  struct Row {
    size_t index;
    ProfileChange* change;
  };
  // By Benjamini and Hochberg, over the tested rows of the table. Rows with the same figures in every run, such as
  // _start and main, count as one hypothesis. Otherwise a chain of callers would dominate the table.
  void Judge(Sums of, const std::vector<Row>& table) const {
    std::vector<double> p_values;
    std::vector<std::pair<size_t, ProfileChange*>> tested;
    std::map<std::vector<double>, size_t> hypotheses;
    for (const Row& row : table) {
      if (!row.change->tested) continue;
      std::vector<double> figures;
      for (const RunSums& sums : sums_) figures.push_back((sums.*of)[row.index]);
      const auto [entry, added] = hypotheses.try_emplace(std::move(figures), p_values.size());
      if (added) p_values.push_back(row.change->deciding().p);
      tested.emplace_back(entry->second, row.change);
    }
    const std::vector<bool> found = BenjaminiHochberg(p_values, rules_.false_discovery_rate);
    for (const auto& [hypothesis, change] : tested) change->significant = found[hypothesis];
  }

 private:
  double Whole(size_t run) const { return sums_[run].node_totals[FunctionTree::kRoot]; }

  template <typename Divisor>
  MeanDifference Compare(Sums of, size_t index, bool test, Divisor divisor) const {
    std::vector<double> a;
    std::vector<double> b;
    for (size_t run = 0; run < runs_.count(); ++run) {
      (run < runs_.runs_a() ? a : b).push_back((sums_[run].*of)[index] / divisor(run));
    }
    if (test) return bootstrap_.Compare(a, b);
    MeanDifference means;
    for (const double value : a) means.a += value / static_cast<double>(a.size());
    for (const double value : b) means.b += value / static_cast<double>(b.size());
    means.delta = means.b - means.a;
    return means;
  }

  const Runs& runs_;
  DifferenceRules rules_;
  RunBootstrap bootstrap_;
  std::vector<RunSums> sums_;
};

std::vector<ProfileChange> NodeTotals(const Runs& runs, const Comparer& comparer) {
  std::vector<ProfileChange> totals;
  const size_t nodes = runs.tree().nodes().size();
  totals.reserve(nodes);
  std::vector<Comparer::Row> table;
  for (size_t i = 0; i < nodes; ++i) {
    const bool large = comparer.IsLarge(&RunSums::node_totals, i);
    totals.push_back(comparer.Compare(&RunSums::node_totals, i, large));
  }
  for (size_t i = 0; i < nodes; ++i) table.push_back({i, &totals[i]});
  comparer.Judge(&RunSums::node_totals, table);
  return totals;
}

std::vector<FunctionChange> Functions(const Runs& runs, const Comparer& comparer) {
  std::vector<FunctionChange> changes;
  std::vector<size_t> indices;
  const std::vector<TreeFunction>& functions = runs.tree().functions();
  // The first entry is the root.
  for (size_t i = 1; i < functions.size(); ++i) {
    if (!comparer.IsLarge(&RunSums::function_totals, i)) continue;
    indices.push_back(i);
    changes.push_back({.function = functions[i],
                       .total = comparer.Compare(&RunSums::function_totals, i, true),
                       .self = comparer.Compare(&RunSums::function_selves, i, false)});
  }
  std::vector<Comparer::Row> table;
  for (size_t i = 0; i < changes.size(); ++i) table.push_back({indices[i], &changes[i].total});
  comparer.Judge(&RunSums::function_totals, table);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const FunctionChange& a, const FunctionChange& b) {
                     return std::abs(a.total.deciding().delta) > std::abs(b.total.deciding().delta);
                   });
  return changes;
}

}  // namespace

absl::StatusOr<ProfileDifference> CompareProfiles(absl::Span<const ProfileRun> a,
                                                  absl::Span<const ProfileRun> b,
                                                  const DifferenceRules& rules) {
  if (absl::Status status = CheckRuns(a, b); !status.ok()) return status;
  const Runs runs(a, b);
  const Comparer comparer(runs, rules);
  ProfileDifference difference;
  difference.runs_a = static_cast<uint32_t>(a.size());
  difference.runs_b = static_cast<uint32_t>(b.size());
  difference.enough_runs = comparer.enough_runs();
  difference.has_requests = runs.has_requests();
  difference.totals = NodeTotals(runs, comparer);
  difference.selves.reserve(difference.totals.size());
  for (size_t i = 0; i < difference.totals.size(); ++i) {
    difference.selves.push_back(comparer.Compare(&RunSums::node_selves, i, false));
  }
  difference.functions = Functions(runs, comparer);
  difference.tree = runs.tree();
  return difference;
}

}  // namespace assay
