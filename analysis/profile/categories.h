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

// The purpose of a server's time; proto/categories.proto defines each category.
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
  // The kernel's name.
  std::string name;
  // The name in tables.
  std::string label;
  // Functions of the C library that make the call.
  std::vector<std::string> functions;
  Category category = Category::kOther;

  bool operator==(const SystemCallRule&) const = default;
};

struct CategoryRule {
  Category category = Category::kOther;
  // '*' stands for any characters. A clone that GCC made ("f.part.0", "f.constprop.0") matches as the original
  // function.
  std::vector<std::string> functions;
  // Patterns of the library's file name; empty: any file.
  std::vector<std::string> libraries;
  // The functions are the kernel's; if false, any function outside the kernel.
  bool kernel = false;
  // A kernel rule that also decides within a system call; proto/categories.proto says why.
  bool softirq = false;
  // Patterns of kernel functions, one of which must be among the callers; empty: any caller.
  std::vector<std::string> under = {};

  bool operator==(const CategoryRule&) const = default;
};

// Whether all of `text` matches a pattern in which '*' stands for any characters. Time: at most proportional to the
// product of the lengths.
bool Fits(std::string_view pattern, std::string_view text);

// The categories of functions: analysis/profile/categories.textproto.
class CategoryRules {
 public:
  // kInvalidArgument for a rule without functions, a system call without a name or with a duplicate name, a function
  // that belongs to two system calls, or `under` or `softirq` in a rule that is not for the kernel.
  static absl::StatusOr<CategoryRules> Create(std::vector<SystemCallRule> system_calls,
                                              std::vector<CategoryRule> rules);

  struct Stack {
    Category category = Category::kOther;
    // The node whose function decided the category; the root if no function did.
    uint32_t category_node = FunctionTree::kRoot;
    // Index into system_calls(). Not set outside system calls, or if the system call has no rule.
    std::optional<uint32_t> system_call;
    // The system call's name, also if it has no rule; empty outside system calls.
    std::string system_call_name;
    // The node of the C library's function, or of the kernel's entry if there is none.
    uint32_t system_call_node = FunctionTree::kRoot;
    // A function without a name lies above the deciding one: if its name were known, the category could differ.
    bool unnamed = false;
  };
  // The category and system call of each node of the tree. The system call is that of the innermost function of the C
  // library that makes one, otherwise that of the kernel's entry (__x64_sys_NAME), and never depends on other kernel
  // functions. Only the category of a softirq depends on these.
  std::vector<Stack> Classify(const FunctionTree& tree) const;

  const std::vector<SystemCallRule>& system_calls() const { return system_calls_; }
  // "recv" for "recvfrom"; the name itself if it has no label.
  std::string LabelOf(const std::string& system_call) const;

  bool operator==(const CategoryRules& other) const {
    return system_calls_ == other.system_calls_ && rules_ == other.rules_;
  }

 private:
  struct Knowledge {
    std::optional<Category> category;
    std::string system_call_name;
    // The softirq rules that match the function, in their order.
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

// The cost of time: as a share of the total, and per request.
struct TimeCost {
  uint64_t samples = 0;
  // Share of the tree's time.
  double share = 0;
  // Not set if no requests were counted.
  std::optional<double> us_per_request;
};

// The relation of a figure to the true figure when some functions have no names.
enum class Bound : uint8_t { kExact, kAtLeast, kAtMost, kAbout };
// The prefix of the figure: "", ">= ", "<= " or "~ ".
std::string_view ToString(Bound bound);
// The bound of a figure whose true value is up to `less` lower and up to `more` higher. Amounts below a thousandth of
// `whole` and below a twentieth of the figure do not count.
Bound BoundOf(double less, double more, double figure, double whole);

struct CategoryCost {
  Category category = Category::kOther;
  TimeCost cost;
  // The range of the true share. Time in functions without names (a stripped program or library) counts for the
  // category of their callees, but can belong to any category. Both equal cost.share if every function has a name.
  double share_low = 0;
  double share_high = 0;
  // As BoundOf() has it, with the total as the whole.
  Bound bound = Bound::kExact;
};
// Every category, in order. The shares sum to 1 unless the tree is empty.
std::vector<CategoryCost> CategoryCosts(const FunctionTree& tree, const CategoryRules& rules,
                                        uint64_t requests);

// If the C library makes a call by a function of another name, both have one entry: select() is counted as the
// kernel's pselect6.
struct SystemCallCost {
  std::string label;
  // Not set if calls or requests were not counted.
  std::optional<double> calls_per_request;
  TimeCost cost;
};
// The system calls, by label, that took time or were counted, the costliest first. `calls`: by the kernel's name;
// empty if they were not counted.
std::vector<SystemCallCost> SystemCallCosts(
    const FunctionTree& tree, const CategoryRules& rules, uint64_t requests,
    const absl::flat_hash_map<std::string, uint64_t>& calls);

// A tree that is comparable between two programs with hardly any common functions. The children of the root are the
// categories. Below each are the stacks from the deciding function on, or whole stacks if no function decided.
FunctionTree CategoryTree(const FunctionTree& tree, const CategoryRules& rules);

// A tree bottom up from the system calls. The children of the root are their labels, below each are its callers,
// innermost first. Time outside system calls is in "[no system call]".
FunctionTree SystemCallTree(const FunctionTree& tree, const CategoryRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_CATEGORIES_H_
