#include "analysis/profile/function_tree.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace assay {
namespace {

TreeFunction Named(const StackProfile& profile, const StackFrame& frame) {
  TreeFunction function{.name = profile.FunctionOf(frame),
                        .library = FileName(profile.PathOf(frame)),
                        .kind = frame.kind,
                        .inlined = frame.inlined};
  // Without a build id, the address can be a memory address, which differs between runs.
  if (function.name != kUnknownFunction || frame.address == 0 || function.library.empty() ||
      profile.BuildIdOf(frame).empty()) {
    return function;
  }
  function.name = absl::StrCat(function.library, "+0x", absl::Hex(frame.address));
  function.build_id = profile.BuildIdOf(frame);
  return function;
}

}  // namespace

std::string FileName(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

FunctionIdentity IdentityOf(const TreeFunction& function) {
  return {function.name, static_cast<uint8_t>(function.kind),
          function.name == kUnknownFunction ? function.library : function.build_id};
}

FunctionTree::FunctionTree() {
  InternFunction({.name = "all"});
  nodes_.push_back({});
}

uint32_t FunctionTree::InternFunction(const TreeFunction& function) {
  const auto number = static_cast<uint32_t>(functions_.size());
  const auto [entry, added] = function_numbers_.try_emplace(
      FunctionKey{function.name, function.library, static_cast<uint8_t>(function.kind),
                  function.inlined, function.build_id},
      number);
  if (added) functions_.push_back(function);
  return entry->second;
}

uint32_t FunctionTree::InternChild(uint32_t parent, uint32_t function) {
  const auto number = static_cast<uint32_t>(nodes_.size());
  const auto [entry, added] = child_numbers_.try_emplace({parent, function}, number);
  if (added) {
    nodes_.push_back(
        {.parent = parent, .function = function, .depth = nodes_[parent].depth + 1, .self = {}});
  }
  return entry->second;
}

void FunctionTree::Add(const StackProfile& profile, StackTime time) {
  std::vector<uint32_t> functions;
  functions.reserve(profile.frames().size());
  for (const StackFrame& frame : profile.frames()) {
    functions.push_back(InternFunction(Named(profile, frame)));
  }
  // Includes only stacks with time of this kind, so that the tree has no nodes without time.
  std::vector<bool> wanted(profile.nodes().size());
  for (size_t i = wanted.size(); i-- > 0;) {
    const StackNode& node = profile.nodes()[i];
    if (node.weight(time).samples > 0) wanted[i] = true;
    if (wanted[i] && node.parent > 0) wanted[node.parent - 1] = true;
  }
  std::vector<uint32_t> numbers(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    const StackNode& node = profile.nodes()[i];
    const uint32_t parent = node.parent == 0 ? kRoot : numbers[node.parent - 1];
    numbers[i] = InternChild(parent, functions[node.frame]);
    AddSelf(numbers[i], node.weight(time));
  }
}

void FunctionTree::Add(const FunctionTree& other) {
  std::vector<uint32_t> functions;
  functions.reserve(other.functions_.size());
  for (const TreeFunction& function : other.functions_) {
    functions.push_back(InternFunction(function));
  }
  std::vector<uint32_t> numbers(other.nodes_.size(), kRoot);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const TreeNode& node = other.nodes_[i];
    if (i != kRoot) numbers[i] = InternChild(numbers[node.parent], functions[node.function]);
    AddSelf(numbers[i], node.self);
  }
}

std::vector<StackWeight> FunctionTree::Totals() const {
  std::vector<StackWeight> totals(nodes_.size());
  for (size_t i = nodes_.size(); i-- > 0;) {
    totals[i] += nodes_[i].self;
    if (i != kRoot) totals[nodes_[i].parent] += totals[i];
  }
  return totals;
}

std::vector<StackWeight> FunctionTree::FunctionTotals() const {
  const std::vector<StackWeight> totals = Totals();
  std::vector<StackWeight> of_functions(functions_.size());
  // How often each function is on the path to the node. The walk undoes its changes.
  std::vector<uint32_t> on_path(functions_.size());
  std::vector<uint32_t> path;
  for (const uint32_t node : PreOrder()) {
    while (path.size() > nodes_[node].depth) {
      --on_path[path.back()];
      path.pop_back();
    }
    const uint32_t function = nodes_[node].function;
    if (on_path[function]++ == 0) of_functions[function] += totals[node];
    path.push_back(function);
  }
  return of_functions;
}

std::vector<StackWeight> FunctionTree::FunctionSelves() const {
  std::vector<StackWeight> selves(functions_.size());
  for (const TreeNode& node : nodes_) selves[node.function] += node.self;
  return selves;
}

std::vector<uint32_t> FunctionTree::PreOrder() const {
  std::vector<uint32_t> by_name(functions_.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(), [this](uint32_t a, uint32_t b) {
    const TreeFunction& left = functions_[a];
    const TreeFunction& right = functions_[b];
    return std::tie(left.name, left.library, left.kind, left.inlined, left.build_id) <
           std::tie(right.name, right.library, right.kind, right.inlined, right.build_id);
  });
  std::vector<uint32_t> rank(functions_.size());
  for (size_t i = 0; i < by_name.size(); ++i) rank[by_name[i]] = static_cast<uint32_t>(i);

  // The children of each node in one array: counted, placed, sorted.
  std::vector<uint32_t> begin(nodes_.size() + 1);
  for (size_t i = 1; i < nodes_.size(); ++i) ++begin[nodes_[i].parent + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
  std::vector<uint32_t> children(nodes_.size() - 1);
  for (uint32_t i = 1; i < nodes_.size(); ++i) children[next[nodes_[i].parent]++] = i;

  std::vector<uint32_t> order;
  order.reserve(nodes_.size());
  std::vector<uint32_t> waiting = {kRoot};
  while (!waiting.empty()) {
    const uint32_t node = waiting.back();
    waiting.pop_back();
    order.push_back(node);
    const auto first = children.begin() + begin[node];
    const auto last = children.begin() + begin[node + 1];
    // The stack returns the last child first.
    std::sort(first, last, [this, &rank](uint32_t a, uint32_t b) {
      return rank[nodes_[a].function] > rank[nodes_[b].function];
    });
    waiting.insert(waiting.end(), first, last);
  }
  return order;
}

FunctionTree FunctionTree::Reversed() const {
  FunctionTree reversed;
  std::vector<uint32_t> functions;
  functions.reserve(functions_.size());
  for (const TreeFunction& function : functions_) {
    functions.push_back(reversed.InternFunction(function));
  }
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].self == StackWeight()) continue;
    uint32_t at = kRoot;
    for (uint32_t node = i; node != kRoot; node = nodes_[node].parent) {
      at = reversed.InternChild(at, functions[nodes_[node].function]);
    }
    reversed.AddSelf(at, nodes_[i].self);
  }
  return reversed;
}

FunctionTree FunctionTree::WithoutKernel() const {
  FunctionTree tree;
  std::vector<uint32_t> numbers(nodes_.size(), kRoot);
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    numbers[i] = numbers[nodes_[i].parent];
    if (i != kRoot && FunctionOf(i).kind != FrameKind::kKernel)
      numbers[i] = tree.InternChild(numbers[i], tree.InternFunction(FunctionOf(i)));
    tree.AddSelf(numbers[i], nodes_[i].self);
  }
  return tree;
}

FunctionTree FunctionTree::Trimmed(double min_share) const {
  const std::vector<StackWeight> totals = Totals();
  const double least = min_share * static_cast<double>(totals[kRoot].ns);
  FunctionTree trimmed;
  const uint32_t others = trimmed.InternFunction({.name = kOthers});
  std::vector<uint32_t> numbers(nodes_.size(), kRoot);
  std::vector<bool> cut(nodes_.size());
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    const uint32_t parent = nodes_[i].parent;
    if (cut[parent]) {
      // Already counted in its caller's kOthers.
      cut[i] = true;
    } else if (i != kRoot && static_cast<double>(totals[i].ns) < least) {
      cut[i] = true;
      trimmed.AddSelf(trimmed.InternChild(numbers[parent], others), totals[i]);
    } else {
      if (i != kRoot) {
        const uint32_t function = trimmed.InternFunction(FunctionOf(i));
        numbers[i] = trimmed.InternChild(numbers[parent], function);
      }
      trimmed.AddSelf(numbers[i], nodes_[i].self);
    }
  }
  return trimmed;
}

}  // namespace assay
