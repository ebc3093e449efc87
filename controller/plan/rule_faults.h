#ifndef ASSAY_CONTROLLER_PLAN_RULE_FAULTS_H_
#define ASSAY_CONTROLLER_PLAN_RULE_FAULTS_H_

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/number_text.h"
#include "controller/plan/plan_rules.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// Collects the faults of one plan. The rules are in target_rules.cc, workload_rules.cc and load_rules.cc,
// by topic; plan_rules.cc calls them in the order of the fields.
class RuleFaults {
 public:
  // Concatenates `what`. A floating-point number is written with all its digits, as in the plan.
  template <typename... Parts>
  void Add(std::string field, const Parts&... what) {
    faults_.push_back({std::move(field), absl::StrCat(Part(what)...)});
  }
  size_t size() const { return faults_.size(); }
  std::vector<PlanFault> Take() { return std::move(faults_); }

 private:
  template <typename Value>
  static decltype(auto) Part(const Value& value) {
    if constexpr (std::is_floating_point_v<Value>) {
      return NumberText(value);
    } else {
      return (value);
    }
  }

  std::vector<PlanFault> faults_;
};

// Checks a duration: at least `shortest` seconds, and at most a day.
void CheckPause(const Pause& pause, const std::string& field, double shortest, RuleFaults* faults);
// Checks a name: not empty, at most 100 bytes, no control characters.
void CheckName(const std::string& name, const std::string& field, RuleFaults* faults);

void CheckTargets(const Plan& plan, RuleFaults* faults);
void CheckWorkloads(const Plan& plan, RuleFaults* faults);
void CheckLoad(const Plan& plan, RuleFaults* faults);

// The label of a target if the plan does not set one: its name or its URL.
const std::string& DefaultLabelOf(const PlanTarget& target);
// The name of a target in results.
std::string LabelOf(const PlanTarget& target);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_RULE_FAULTS_H_
