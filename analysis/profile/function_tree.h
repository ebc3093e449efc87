#ifndef ASSAY_ANALYSIS_PROFILE_FUNCTION_TREE_H_
#define ASSAY_ANALYSIS_PROFILE_FUNCTION_TREE_H_

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analysis/profile/stack_profile.h"

namespace assay {

// A function by its name, without address and line.
struct TreeFunction {
  // A function without a name is identified by its file and its address in the file, "libz.so.1.2.13+0x4c30", if
  // these are known: a stripped library has many functions. Otherwise the name is kUnknownFunction.
  std::string name;
  // Name of the program's or library's file, without the folder; empty if not known.
  std::string library;
  FrameKind kind = FrameKind::kUnknown;
  bool inlined = false;
  // The file's build id if the function is identified by its address, because another build has another function
  // there. Otherwise empty.
  std::string build_id = {};

  bool operator==(const TreeFunction&) const = default;
};

// Equal for functions that count as one in a comparison of programs: those of one name and kind. The library does not
// matter, because its name differs between programs, and neither does inlining, because compilers differ in it.
// Functions without a name are never equal between two libraries, and functions named by address are never equal
// between two builds.
using FunctionIdentity = std::tuple<std::string, uint8_t, std::string>;
FunctionIdentity IdentityOf(const TreeFunction& function);

struct TreeNode {
  // The parent of the root is the root.
  uint32_t parent = 0;
  uint32_t function = 0;
  // 0 for the root.
  uint32_t depth = 0;
  // The node's own weight, without its callees.
  StackWeight self;
};

// A call tree by function, with the time of each node: the data of flame graphs and of comparisons. Node 0 is the
// root, "all". A parent's index is below those of its children.
class FunctionTree {
 public:
  static constexpr uint32_t kRoot = 0;
  // The name of the function that replaces trimmed nodes.
  static constexpr char kOthers[] = "[others]";

  FunctionTree();

  // The index of an equal function or child, which is added if there is none.
  uint32_t InternFunction(const TreeFunction& function);
  uint32_t InternChild(uint32_t parent, uint32_t function);
  void AddSelf(uint32_t node, const StackWeight& weight) { nodes_[node].self += weight; }

  // Adds the time of one kind of a profile, or another tree.
  void Add(const StackProfile& profile, StackTime time);
  void Add(const FunctionTree& other);

  const std::vector<TreeFunction>& functions() const { return functions_; }
  const std::vector<TreeNode>& nodes() const { return nodes_; }
  const TreeFunction& FunctionOf(uint32_t node) const { return functions_[nodes_[node].function]; }

  // By node: the node and all its callees.
  std::vector<StackWeight> Totals() const;
  // By function: the time in which it was anywhere on the stack, counted once if it occurs there twice.
  std::vector<StackWeight> FunctionTotals() const;
  // By function: the time in which it was on top.
  std::vector<StackWeight> FunctionSelves() const;
  // All nodes: callers before callees, children in the order of their names.
  std::vector<uint32_t> PreOrder() const;

  // The inverted tree: below the root are the functions on top of stacks, and below each its callers.
  FunctionTree Reversed() const;
  // The tree without the kernel's functions: their time counts for their callers. If the sampling
  // interrupt can be masked, the kernel function on top of a stack says little.
  FunctionTree WithoutKernel() const;
  // The tree without nodes below a share of the total: they become a kOthers node of their caller.
  FunctionTree Trimmed(double min_share) const;

 private:
  using FunctionKey = std::tuple<std::string, std::string, uint8_t, bool, std::string>;

  std::vector<TreeFunction> functions_;
  std::vector<TreeNode> nodes_;
  absl::flat_hash_map<FunctionKey, uint32_t> function_numbers_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t>, uint32_t> child_numbers_;
};

// The text after the last slash.
std::string FileName(const std::string& path);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_FUNCTION_TREE_H_
