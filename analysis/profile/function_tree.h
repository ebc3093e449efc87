#ifndef ASSAY_ANALYSIS_PROFILE_FUNCTION_TREE_H_
#define ASSAY_ANALYSIS_PROFILE_FUNCTION_TREE_H_

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analysis/profile/stack_profile.h"

namespace assay {

// A function as people know it: not its address or line.
struct TreeFunction {
  // One that has no name goes by its file and where it begins in it, "libz.so.1.2.13+0x4c30", where that is known: the
  // functions of a stripped library are many. Else it is kUnknownFunction.
  std::string name;
  // File name of its program or library, without the folder; empty where unknown.
  std::string library;
  FrameKind kind = FrameKind::kUnknown;
  bool inlined = false;
  // Of one that goes by its address: the file's build id, for in another build that is another function. Else empty.
  std::string build_id = {};

  bool operator==(const TreeFunction&) const = default;
};

struct TreeNode {
  // The root's parent is the root.
  uint32_t parent = 0;
  uint32_t function = 0;
  // Of the root 0.
  uint32_t depth = 0;
  // What ends here, without what it called.
  StackWeight self;
};

// Who called whom, by function, and how much time each took: what flame graphs show and what is
// compared. Node 0 is the root, "all". A parent's number is below its children's.
class FunctionTree {
 public:
  static constexpr uint32_t kRoot = 0;
  // Takes the place of nodes that were trimmed.
  static constexpr char kOthers[] = "[others]";

  FunctionTree();

  // The number of an equal function or child, which is added where there is none.
  uint32_t InternFunction(const TreeFunction& function);
  uint32_t InternChild(uint32_t parent, uint32_t function);
  void AddSelf(uint32_t node, const StackWeight& weight) { nodes_[node].self += weight; }

  // Adds a profile's time of one kind, or another tree.
  void Add(const StackProfile& profile, StackTime time);
  void Add(const FunctionTree& other);

  const std::vector<TreeFunction>& functions() const { return functions_; }
  const std::vector<TreeNode>& nodes() const { return nodes_; }
  const TreeFunction& FunctionOf(uint32_t node) const { return functions_[nodes_[node].function]; }

  // By node: itself and all that it called.
  std::vector<StackWeight> Totals() const;
  // By function: the time in which it was anywhere on the stack, once where it is there twice.
  std::vector<StackWeight> FunctionTotals() const;
  // By function: the time in which it was on top.
  std::vector<StackWeight> FunctionSelves() const;
  // All nodes, each before what it called, children in the order of their names.
  std::vector<uint32_t> PreOrder() const;

  // Bottom up: below the root stands what was on top of the stacks, and below it who called it.
  FunctionTree Reversed() const;
  // Without the kernel's functions: their time is that of who called them. Where no interrupt can be masked out, which
  // of the kernel's functions is on top says little.
  FunctionTree WithoutKernel() const;
  // Without the nodes of less than a share of the whole: these become kOthers of their caller.
  FunctionTree Trimmed(double min_share) const;

 private:
  using FunctionKey = std::tuple<std::string, std::string, uint8_t, bool, std::string>;

  std::vector<TreeFunction> functions_;
  std::vector<TreeNode> nodes_;
  absl::flat_hash_map<FunctionKey, uint32_t> function_numbers_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t>, uint32_t> child_numbers_;
};

// What follows the last slash.
std::string FileName(const std::string& path);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_FUNCTION_TREE_H_
