#include "analysis/profile/categories.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

constexpr char kNoSystemCall[] = "[no system call]";
// How the kernel names its entry of a system call, by processor.
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

bool FitsAny(const std::vector<std::string>& patterns, const std::string& text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&text](const std::string& pattern) { return Fits(pattern, text); });
}

TimeCost CostOf(const StackWeight& weight, const StackWeight& whole, uint64_t requests) {
  TimeCost cost{.samples = weight.samples};
  if (whole.ns > 0) cost.share = static_cast<double>(weight.ns) / static_cast<double>(whole.ns);
  if (requests > 0) {
    cost.us_per_request = static_cast<double>(weight.ns) / 1e3 / static_cast<double>(requests);
  }
  return cost;
}

}  // namespace

std::string_view ToString(Category category) {
  constexpr std::array<std::string_view, kCategories> kNames = {
      "other",    "accept",   "receive", "parse", "handler",  "serialise",
      "compress", "allocate", "send",    "wait",  "scheduler"};
  return kNames[static_cast<size_t>(category)];
}

bool Fits(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  // Where the last star stands, and up to where it is taken to reach.
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
    if (call.name.empty()) return absl::InvalidArgumentError("a system call without a name");
    if (call.label.empty()) call.label = call.name;
    if (!made.by_name_.try_emplace(call.name, i).second) {
      return absl::InvalidArgumentError(absl::StrCat("system call ", call.name, " stands twice"));
    }
    for (const std::string& function : call.functions) {
      if (made.by_function_.try_emplace(function, i).second) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("function ", function, " is of two system calls, one of them ", call.name));
    }
  }
  for (const CategoryRule& rule : rules) {
    if (!rule.functions.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "a rule of category \"", std::string(ToString(rule.category)), "\" has no functions"));
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
    if (rule.kernel != (function.kind == FrameKind::kKernel)) continue;
    if (!rule.libraries.empty() && !FitsAny(rule.libraries, function.library)) continue;
    if (FitsAny(rule.functions, function.name)) return rule.category;
  }
  return std::nullopt;
}

CategoryRules::Knowledge CategoryRules::Know(const TreeFunction& function) const {
  Knowledge known;
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
  for (uint32_t i = 1; i < stacks.size(); ++i) {
    const TreeNode& node = tree.nodes()[i];
    Stack& stack = stacks[i];
    stack = stacks[node.parent];
    const Knowledge& function = known[node.function];
    // In a system call whose name is known, what the kernel does has nothing to add.
    const bool in_kernel = tree.FunctionOf(i).kind == FrameKind::kKernel;
    if (in_kernel && !stack.system_call_name.empty()) continue;
    if (function.category.has_value()) {
      stack.category = *function.category;
      stack.category_node = i;
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
  StackWeight whole;
  for (size_t i = 0; i < stacks.size(); ++i) {
    weights[static_cast<size_t>(stacks[i].category)] += tree.nodes()[i].self;
    whole += tree.nodes()[i].self;
  }
  std::vector<CategoryCost> costs;
  for (int i = 0; i < kCategories; ++i) {
    costs.push_back(
        {.category = static_cast<Category>(i), .cost = CostOf(weights[i], whole, requests)});
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
    // The C library's function is the call itself; a kernel's entry stands on its caller.
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
