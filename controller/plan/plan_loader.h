#ifndef ASSAY_CONTROLLER_PLAN_PLAN_LOADER_H_
#define ASSAY_CONTROLLER_PLAN_PLAN_LOADER_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// A plan with overrides applied and body files read. It is not validated, and its defaults are not filled
// in; plan_rules.h does both.
struct LoadedPlan {
  Plan plan;
  // The original text, before any override.
  std::string plan_text;
  // The name of the plan in messages: the path that the caller gave.
  std::string name;
  // The origin of each field, by its path such as "targets[1].label": "FILE:LINE:COLUMN", or
  // "--set KEY=VALUE".
  std::map<std::string, std::string> origins;
};

// Applies the "key=value" overrides of --set (override.h) in order. kInvalidArgument has one line
// "--set KEY=VALUE: what is wrong" for each invalid override; the valid ones are applied nevertheless.
absl::Status ApplyOverrides(const std::vector<std::string>& overrides, LoadedPlan* loaded);

enum class PlanFormat { kText, kJson };

// Reads a plan from `path`: JSON if the name ends in ".json", else text protobuf. Applies `overrides` as
// ApplyOverrides() does. Reads the body_file of a workload into its body; a relative path starts in the
// folder of the plan.
//
// Errors: kInvalidArgument for every error that the author of the plan can correct, including a missing
// file. The message has one line for each error: "FILE:LINE:COLUMN: what is wrong, and what was expected".
absl::StatusOr<LoadedPlan> LoadPlan(std::string_view path,
                                    const std::vector<std::string>& overrides = {});

// The same for the text of a plan. `name` replaces the file name in messages. Relative paths of body files
// start in `folder`.
absl::StatusOr<LoadedPlan> ParsePlan(std::string_view text, PlanFormat format,
                                     std::string_view name, std::string_view folder,
                                     const std::vector<std::string>& overrides = {});

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_LOADER_H_
