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

// What the rules of one plan have found so far. The rules themselves stand by topic in
// target_rules.cc, workload_rules.cc and load_rules.cc; plan_rules.cc calls them in the order of
// the fields.
class RuleFaults {
 public:
  // A number with a fraction is written by all its digits, as the plan has it.
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

// A length of time: at least `shortest` seconds, and at most a day.
void CheckPause(const Pause& pause, const std::string& field, double shortest, RuleFaults* faults);
// A name that people and tables can carry: not empty, at most 100 bytes, no control characters.
void CheckName(const std::string& name, const std::string& field, RuleFaults* faults);

void CheckTargets(const Plan& plan, RuleFaults* faults);
void CheckWorkloads(const Plan& plan, RuleFaults* faults);
void CheckLoad(const Plan& plan, RuleFaults* faults);

// How a target is called in results where its label is not set.
const std::string& DefaultLabelOf(const PlanTarget& target);
// How a target is called in results.
std::string LabelOf(const PlanTarget& target);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_RULE_FAULTS_H_
