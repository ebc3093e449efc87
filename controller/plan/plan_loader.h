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

// A plan as its author meant it: overrides applied and body files read, but no rule checked and no
// default filled in (plan_rules.h does both).
struct LoadedPlan {
  Plan plan;
  // The text as its author wrote it, before any override.
  std::string plan_text;
  // How messages call it: the path that was asked for.
  std::string name;
  // Where each field came from, by its path such as "targets[1].label": "FILE:LINE:COLUMN", or
  // "--set KEY=VALUE".
  std::map<std::string, std::string> origins;
};

// Applies "key=value" overrides as --set takes them (override.h), in order. kInvalidArgument has a line
// "--set KEY=VALUE: what" for each mistake; the others are applied all the same.
absl::Status ApplyOverrides(const std::vector<std::string>& overrides, LoadedPlan* loaded);

enum class PlanFormat { kText, kJson };

// Reads a plan from `path`: JSON when the name ends in ".json", else text protobuf. `overrides` are as
// in ApplyOverrides(). A workload's body_file becomes its body; a
// relative one is taken from the plan's folder.
//
// Errors: kInvalidArgument for everything that the author can repair, among them a file that is not
// there; the message has one line "FILE:LINE:COLUMN: what, and what was expected" for each fault
// found.
absl::StatusOr<LoadedPlan> LoadPlan(std::string_view path,
                                    const std::vector<std::string>& overrides = {});

// The same of a text in hand. `name` stands for the file in messages; body files are sought in
// `folder`.
absl::StatusOr<LoadedPlan> ParsePlan(std::string_view text, PlanFormat format,
                                     std::string_view name, std::string_view folder,
                                     const std::vector<std::string>& overrides = {});

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_LOADER_H_
