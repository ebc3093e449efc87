#include "proto/convert/category_proto.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/text/text_proto.h"

namespace assay {
namespace {

static_assert(ProfileCategory_MAX + 1 == kCategories);
static_assert(SCHEDULER == static_cast<int>(Category::kScheduler));
static_assert(LOOPBACK_DELIVERY == static_cast<int>(Category::kLoopbackDelivery));

Category FromProto(ProfileCategory category) { return static_cast<Category>(category); }

}  // namespace

absl::StatusOr<CategoryRules> FromProto(const CategoryFile& file) {
  std::vector<SystemCallRule> calls;
  for (const SystemCall& call : file.system_calls()) {
    if (!ProfileCategory_IsValid(call.category())) {
      return absl::InvalidArgumentError(
          absl::StrCat("system call ", call.name(), " has a category of a later version"));
    }
    calls.push_back({.name = call.name(),
                     .label = call.label(),
                     .functions = {call.functions().begin(), call.functions().end()},
                     .category = FromProto(call.category())});
  }
  std::vector<CategoryRule> rules;
  for (const CategoryFunctions& rule : file.functions()) {
    if (!ProfileCategory_IsValid(rule.category())) {
      return absl::InvalidArgumentError("a rule has a category of a later version");
    }
    rules.push_back({.category = FromProto(rule.category()),
                     .functions = {rule.functions().begin(), rule.functions().end()},
                     .libraries = {rule.libraries().begin(), rule.libraries().end()},
                     .kernel = rule.kernel(),
                     .softirq = rule.softirq(),
                     .under = {rule.under().begin(), rule.under().end()}});
  }
  return CategoryRules::Create(std::move(calls), std::move(rules));
}

absl::StatusOr<CategoryRules> ParseCategoryRules(std::string_view text, std::string_view name) {
  CategoryFile file;
  if (absl::Status status = ParseTextProto(text, name, &file); !status.ok()) return status;
  absl::StatusOr<CategoryRules> rules = FromProto(file);
  if (rules.ok()) return rules;
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(name), ": ", rules.status().message()));
}

}  // namespace assay
