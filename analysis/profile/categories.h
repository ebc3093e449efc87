#ifndef ASSAY_ANALYSIS_PROFILE_CATEGORIES_H_
#define ASSAY_ANALYSIS_PROFILE_CATEGORIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "analysis/profile/function_tree.h"

namespace assay {

// What a server does with its time; proto/categories.proto says what each is.
enum class Category : uint8_t {
  kOther,
  kAccept,
  kReceive,
  kParse,
  kHandler,
  kSerialise,
  kCompress,
  kAllocate,
  kSend,
  kWait,
  kScheduler,
  kLoopbackDelivery,
};
inline constexpr int kCategories = 12;
// "accept", "receive", ... "loopback delivery".
std::string_view ToString(Category category);

struct SystemCallRule {
  // As the kernel names it.
  std::string name;
  // As people do.
  std::string label;
  // Of the C library.
  std::vector<std::string> functions;
  Category category = Category::kOther;
};

struct CategoryRule {
  Category category = Category::kOther;
  // '*' stands for any characters. A clone that GCC made ("f.part.0", "f.constprop.0") goes by its function's name.
  std::vector<std::string> functions;
  // Of the library's file name; none: any.
  std::vector<std::string> libraries;
  // The names are of the kernel; else of anything but it.
  bool kernel = false;
  // Of the kernel, and decides also within a system call; proto/categories.proto says why.
  bool softirq = false;
  // Patterns of kernel functions, of which one must be among the callers; none: any caller.
  std::vector<std::string> under = {};
};

// Whether all of `text` fits a pattern in which '*' stands for any characters. Takes at most time in
// proportion to the product of both lengths.
bool Fits(std::string_view pattern, std::string_view text);

// Which functions are for what: analysis/profile/categories.textproto.
class CategoryRules {
 public:
  // kInvalidArgument for a rule without functions, a system call without a name or twice, a function of two system
  // calls, or `under` or `softirq` in a rule that is not for the kernel.
  static absl::StatusOr<CategoryRules> Create(std::vector<SystemCallRule> system_calls,
                                              std::vector<CategoryRule> rules);

  struct Stack {
    Category category = Category::kOther;
    // The node whose function decided the category; the root where none did.
    uint32_t category_node = FunctionTree::kRoot;
    // Index into system_calls(); none: in no system call, or one that has no rule.
    std::optional<uint32_t> system_call;
    // The system call's name, also where it has no rule; empty in none.
    std::string system_call_name;
    // The node of the C library's function, or of the kernel's entry where there is none.
    uint32_t system_call_node = FunctionTree::kRoot;
    // A function without a name lies above what decided the category: with its name the category might be another.
    bool unnamed = false;
  };
  // What each node of the tree is for. A system call goes by the innermost function of the C library
  // that makes one, else by the kernel's entry for it (__x64_sys_NAME), never by what the kernel did
  // then. Only the category of a softirq goes by the kernel's functions.
  std::vector<Stack> Classify(const FunctionTree& tree) const;

  const std::vector<SystemCallRule>& system_calls() const { return system_calls_; }
  // "recv" for "recvfrom"; the name itself where there is no other.
  std::string LabelOf(const std::string& system_call) const;

 private:
  struct Knowledge {
    std::optional<Category> category;
    std::string system_call_name;
    // Rules of softirqs that know the function, in their order.
    std::vector<const CategoryRule*> softirq_rules = {};
    bool unnamed = false;
  };

  CategoryRules() = default;
  Knowledge Know(const TreeFunction& function) const;
  std::optional<Category> CategoryOf(const TreeFunction& function) const;
  std::optional<Category> SoftirqCategory(const Knowledge& known, const FunctionTree& tree,
                                          uint32_t node) const;

  std::vector<SystemCallRule> system_calls_;
  std::vector<CategoryRule> rules_;
  absl::flat_hash_map<std::string, uint32_t> by_name_;
  absl::flat_hash_map<std::string, uint32_t> by_function_;
};

// What time costs: of the whole, and a request.
struct TimeCost {
  uint64_t samples = 0;
  // Of the tree's time.
  double share = 0;
  // Not set where no requests were counted.
  std::optional<double> us_per_request;
};

// How a figure is to be read where some functions have no names.
enum class Bound : uint8_t { kExact, kAtLeast, kAtMost, kAbout };
// "", ">= ", "<= " or "~ ": what stands before the figure.
std::string_view ToString(Bound bound);

struct CategoryCost {
  Category category = Category::kOther;
  TimeCost cost;
  // Where the true share can lie: time in functions without names (a stripped program or library) counts as what called
  // them does, and may belong to any category. Both are cost.share where every function has a name.
  double share_low = 0;
  double share_high = 0;
  // kExact where they differ from cost.share by less than a thousandth of the whole, or a twentieth of the share.
  Bound bound = Bound::kExact;
};
// Every category, in their order. The shares sum to 1 unless the tree is empty.
std::vector<CategoryCost> CategoryCosts(const FunctionTree& tree, const CategoryRules& rules,
                                        uint64_t requests);

// A call that the C library makes by another than its own name has one cost: select() is counted as
// the kernel's pselect6.
struct SystemCallCost {
  std::string label;
  // Not set where calls were not counted, or no requests were.
  std::optional<double> calls_per_request;
  TimeCost cost;
};
// By label those that took time or were counted, the costliest first. `calls` by the kernel's name;
// empty where they were not counted.
std::vector<SystemCallCost> SystemCallCosts(
    const FunctionTree& tree, const CategoryRules& rules, uint64_t requests,
    const absl::flat_hash_map<std::string, uint64_t>& calls);

// A tree of two programs that share hardly a function: below the root the categories, below each the
// stacks from the function that decided on; all of a stack that none did.
FunctionTree CategoryTree(const FunctionTree& tree, const CategoryRules& rules);

// Bottom up from the system calls: below the root their labels, below each who called it, innermost
// first. Time in none is in "[no system call]".
FunctionTree SystemCallTree(const FunctionTree& tree, const CategoryRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_CATEGORIES_H_
