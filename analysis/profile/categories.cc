#include "analysis/profile/categories.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

constexpr char kNoSystemCall[] = "[no system call]";
// The kernel's prefixes of system call entries, by processor.
constexpr std::array<std::string_view, 7> kKernelEntries = {
    "__x64_sys_",  "__do_sys_",    "__se_sys_",   "__arm64_sys_",
    "__ia32_sys_", "__riscv_sys_", "__s390x_sys_"};

std::string_view KernelEntry(const TreeFunction& function) {
  if (function.kind != FrameKind::kKernel) return {};
  const std::string_view name = function.name;
  for (const std::string_view prefix : kKernelEntries) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return {};
}

// The name without the suffix that GCC adds to clones: "f.part.0", "f.constprop.0.cold".
std::string_view WithoutCloneSuffix(std::string_view name) {
  constexpr std::array<std::string_view, 5> kSuffixes = {".part.", ".constprop.", ".isra.",
                                                         ".lto_priv.", ".cold"};
  size_t end = name.size();
  for (const std::string_view suffix : kSuffixes) end = std::min(end, name.find(suffix));
  return end == 0 ? name : name.substr(0, end);
}

bool FitsAny(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return Fits(pattern, text); });
}

TimeCost CostOf(const StackWeight& weight, const StackWeight& whole, uint64_t requests) {
  TimeCost cost{.samples = weight.samples};
  if (whole.ns > 0) cost.share = static_cast<double>(weight.ns) / static_cast<double>(whole.ns);
  if (requests > 0) {
    cost.us_per_request = static_cast<double>(weight.ns) / 1e3 / static_cast<double>(requests);
  }
  return cost;
}

// Whether the function has no name but its name could decide a category. Calls within the C library count for its
// caller in any case.
bool IsUnnamed(const TreeFunction& function) {
  switch (function.kind) {
    case FrameKind::kKernel:
    case FrameKind::kLibc:
    case FrameKind::kVdso:
      return false;
    default:
      return function.name == kUnknownFunction || !function.build_id.empty();
  }
}

}  // namespace

std::string_view ToString(Category category) {
  constexpr std::array<std::string_view, kCategories> kNames = {
      "other",    "accept",   "receive", "parse", "handler",   "serialise",
      "compress", "allocate", "send",    "wait",  "scheduler", "loopback delivery"};
  return kNames[static_cast<size_t>(category)];
}

std::string_view ToString(Bound bound) {
  constexpr std::array<std::string_view, 4> kMarks = {"", ">= ", "<= ", "~ "};
  return kMarks[static_cast<size_t>(bound)];
}

Bound BoundOf(double less, double more, double figure, double whole) {
  const double least = std::max(whole / 1000, figure / 20);
  if (more >= least) return less >= least ? Bound::kAbout : Bound::kAtLeast;
  return less >= least ? Bound::kAtMost : Bound::kExact;
}

bool Fits(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  // The position of the last star, and the end of the text that it matches so far.
  size_t star = std::string_view::npos;
  size_t reach = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++reach;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

absl::StatusOr<CategoryRules> CategoryRules::Create(std::vector<SystemCallRule> system_calls,
                                                    std::vector<CategoryRule> rules) {
  CategoryRules made;
  for (uint32_t i = 0; i < system_calls.size(); ++i) {
    SystemCallRule& call = system_calls[i];
    if (call.name.empty()) return absl::InvalidArgumentError("a system call has no name");
    if (call.label.empty()) call.label = call.name;
    if (!made.by_name_.try_emplace(call.name, i).second) {
      return absl::InvalidArgumentError(absl::StrCat("system call ", call.name, " occurs twice"));
    }
    for (const std::string& function : call.functions) {
      if (made.by_function_.try_emplace(function, i).second) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "function ", function, " belongs to two system calls, one of which is ", call.name));
    }
  }
  for (const CategoryRule& rule : rules) {
    const bool of_user_code = !rule.kernel && (rule.softirq || !rule.under.empty());
    if (!rule.functions.empty() && !of_user_code) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("a rule of category \"", std::string(ToString(rule.category)), "\" ",
                     of_user_code ? "has softirq or under, which are allowed only in kernel rules"
                                  : "has no functions"));
  }
  made.system_calls_ = std::move(system_calls);
  made.rules_ = std::move(rules);
  return made;
}

std::string CategoryRules::LabelOf(const std::string& system_call) const {
  const auto found = by_name_.find(system_call);
  return found == by_name_.end() ? system_call : system_calls_[found->second].label;
}

std::optional<Category> CategoryRules::CategoryOf(const TreeFunction& function) const {
  for (const CategoryRule& rule : rules_) {
    if (rule.softirq || rule.kernel != (function.kind == FrameKind::kKernel)) continue;
    if (!rule.libraries.empty() && !FitsAny(rule.libraries, function.library)) continue;
    if (FitsAny(rule.functions, WithoutCloneSuffix(function.name))) return rule.category;
  }
  return std::nullopt;
}

std::optional<Category> CategoryRules::SoftirqCategory(const Knowledge& known,
                                                       const FunctionTree& tree,
                                                       uint32_t node) const {
  for (const CategoryRule* rule : known.softirq_rules) {
    if (rule->under.empty()) return rule->category;
    for (uint32_t at = tree.nodes()[node].parent; at != FunctionTree::kRoot;
         at = tree.nodes()[at].parent) {
      const TreeFunction& caller = tree.FunctionOf(at);
      if (caller.kind != FrameKind::kKernel) break;
      if (FitsAny(rule->under, WithoutCloneSuffix(caller.name))) return rule->category;
    }
  }
  return std::nullopt;
}

CategoryRules::Knowledge CategoryRules::Know(const TreeFunction& function) const {
  Knowledge known;
  if (function.kind == FrameKind::kKernel) {
    for (const CategoryRule& rule : rules_) {
      if (rule.softirq && FitsAny(rule.functions, WithoutCloneSuffix(function.name)))
        known.softirq_rules.push_back(&rule);
    }
  }
  known.unnamed = IsUnnamed(function);
  if (const std::string_view entry = KernelEntry(function); !entry.empty()) {
    known.system_call_name = std::string(entry);
    const auto found = by_name_.find(known.system_call_name);
    if (found != by_name_.end()) known.category = system_calls_[found->second].category;
    return known;
  }
  if (function.kind == FrameKind::kLibc) {
    const auto found = by_function_.find(function.name);
    if (found != by_function_.end()) {
      known.system_call_name = system_calls_[found->second].name;
      known.category = system_calls_[found->second].category;
      return known;
    }
  }
  known.category = CategoryOf(function);
  return known;
}

std::vector<CategoryRules::Stack> CategoryRules::Classify(const FunctionTree& tree) const {
  std::vector<Knowledge> known;
  known.reserve(tree.functions().size());
  for (const TreeFunction& function : tree.functions()) known.push_back(Know(function));
  std::vector<Stack> stacks(tree.nodes().size());
  std::vector<bool> in_softirq(stacks.size());
  for (uint32_t i = 1; i < stacks.size(); ++i) {
    const TreeNode& node = tree.nodes()[i];
    Stack& stack = stacks[i];
    stack = stacks[node.parent];
    const Knowledge& function = known[node.function];
    if (const std::optional<Category> softirq = SoftirqCategory(function, tree, i)) {
      stack.category = *softirq;
      stack.category_node = i;
      stack.unnamed = false;
      in_softirq[i] = true;
      continue;
    }
    // In a softirq, and in a system call with a known name, the kernel's functions add no information.
    in_softirq[i] = in_softirq[node.parent];
    const bool in_kernel = tree.FunctionOf(i).kind == FrameKind::kKernel;
    if (in_softirq[i] || (in_kernel && !stack.system_call_name.empty())) continue;
    stack.unnamed = stack.unnamed || function.unnamed;
    if (function.category.has_value()) {
      stack.category = *function.category;
      stack.category_node = i;
      stack.unnamed = false;
    }
    if (!function.system_call_name.empty()) {
      stack.system_call_name = function.system_call_name;
      const auto found = by_name_.find(function.system_call_name);
      stack.system_call =
          found == by_name_.end() ? std::nullopt : std::optional<uint32_t>(found->second);
      stack.system_call_node = i;
    }
  }
  return stacks;
}

std::vector<CategoryCost> CategoryCosts(const FunctionTree& tree, const CategoryRules& rules,
                                        uint64_t requests) {
  const std::vector<CategoryRules::Stack> stacks = rules.Classify(tree);
  std::array<StackWeight, kCategories> weights;
  std::array<StackWeight, kCategories> unnamed;
  StackWeight whole;
  StackWeight whole_unnamed;
  for (size_t i = 0; i < stacks.size(); ++i) {
    const auto category = static_cast<size_t>(stacks[i].category);
    const StackWeight& self = tree.nodes()[i].self;
    weights[category] += self;
    whole += self;
    if (!stacks[i].unnamed) continue;
    unnamed[category] += self;
    whole_unnamed += self;
  }
  std::vector<CategoryCost> costs;
  for (int i = 0; i < kCategories; ++i) {
    CategoryCost& one = costs.emplace_back();
    one.category = static_cast<Category>(i);
    one.cost = CostOf(weights[i], whole, requests);
    one.share_low = one.cost.share - CostOf(unnamed[i], whole, 0).share;
    one.share_high = one.share_low + CostOf(whole_unnamed, whole, 0).share;
    one.bound =
        BoundOf(one.cost.share - one.share_low, one.share_high - one.cost.share, one.cost.share, 1);
  }
  return costs;
}

std::vector<SystemCallCost> SystemCallCosts(
    const FunctionTree& tree, const CategoryRules& rules, uint64_t requests,
    const absl::flat_hash_map<std::string, uint64_t>& calls) {
  const std::vector<CategoryRules::Stack> stacks = rules.Classify(tree);
  absl::flat_hash_map<std::string, StackWeight> weights;
  StackWeight whole;
  for (size_t i = 0; i < stacks.size(); ++i) {
    whole += tree.nodes()[i].self;
    if (!stacks[i].system_call_name.empty()) {
      weights[rules.LabelOf(stacks[i].system_call_name)] += tree.nodes()[i].self;
    }
  }
  absl::flat_hash_map<std::string, uint64_t> counts;
  for (const auto& [name, count] : calls) {
    if (count == 0) continue;
    counts[rules.LabelOf(name)] += count;
    weights.try_emplace(rules.LabelOf(name));
  }
  std::vector<SystemCallCost> costs;
  costs.reserve(weights.size());
  for (const auto& [label, weight] : weights) {
    SystemCallCost cost{.label = label};
    if (requests > 0 && !calls.empty())
      cost.calls_per_request = static_cast<double>(counts[label]) / static_cast<double>(requests);
    cost.cost = CostOf(weight, whole, requests);
    costs.push_back(std::move(cost));
  }
  std::sort(costs.begin(), costs.end(), [](const SystemCallCost& a, const SystemCallCost& b) {
    if (a.cost.share != b.cost.share) return a.cost.share > b.cost.share;
    if (a.calls_per_request != b.calls_per_request) {
      return a.calls_per_request > b.calls_per_request;
    }
    return a.label < b.label;
  });
  return costs;
}

FunctionTree CategoryTree(const FunctionTree& tree, const CategoryRules& rules) {
  const std::vector<CategoryRules::Stack> stacks = rules.Classify(tree);
  FunctionTree by_category;
  std::vector<uint32_t> functions;
  functions.reserve(tree.functions().size());
  for (const TreeFunction& function : tree.functions()) {
    functions.push_back(by_category.InternFunction(function));
  }
  const auto child_of_root = [&by_category](Category category) {
    const uint32_t function = by_category.InternFunction({.name = std::string(ToString(category))});
    return by_category.InternChild(FunctionTree::kRoot, function);
  };
  for (uint32_t i = 0; i < stacks.size(); ++i) {
    if (tree.nodes()[i].self == StackWeight()) continue;
    std::vector<uint32_t> path;
    for (uint32_t node = i; node != FunctionTree::kRoot; node = tree.nodes()[node].parent) {
      path.push_back(functions[tree.nodes()[node].function]);
      if (node == stacks[i].category_node) break;
    }
    uint32_t at = child_of_root(stacks[i].category);
    for (; !path.empty(); path.pop_back()) at = by_category.InternChild(at, path.back());
    by_category.AddSelf(at, tree.nodes()[i].self);
  }
  return by_category;
}

FunctionTree SystemCallTree(const FunctionTree& tree, const CategoryRules& rules) {
  const std::vector<CategoryRules::Stack> stacks = rules.Classify(tree);
  FunctionTree callers;
  std::vector<uint32_t> functions;
  functions.reserve(tree.functions().size());
  for (const TreeFunction& function : tree.functions()) {
    functions.push_back(callers.InternFunction(function));
  }
  const uint32_t none = callers.InternFunction({.name = kNoSystemCall});
  for (uint32_t i = 0; i < stacks.size(); ++i) {
    const StackWeight& self = tree.nodes()[i].self;
    if (self == StackWeight()) continue;
    if (stacks[i].system_call_name.empty()) {
      callers.AddSelf(callers.InternChild(FunctionTree::kRoot, none), self);
      continue;
    }
    const uint32_t call = callers.InternFunction(
        {.name = rules.LabelOf(stacks[i].system_call_name), .kind = FrameKind::kKernel});
    uint32_t at = callers.InternChild(FunctionTree::kRoot, call);
    // The C library's function is the call itself; a kernel entry stands on its caller.
    uint32_t node = tree.nodes()[stacks[i].system_call_node].parent;
    while (node != FunctionTree::kRoot) {
      at = callers.InternChild(at, functions[tree.nodes()[node].function]);
      node = tree.nodes()[node].parent;
    }
    callers.AddSelf(at, self);
  }
  return callers;
}

}  // namespace assay
