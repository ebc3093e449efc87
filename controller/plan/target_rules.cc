#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/http_url.h"
#include "common/load_limits.h"
#include "controller/plan/rule_faults.h"
#include "controller/plan/target_url.h"

namespace assay::controller {

const std::string& DefaultLabelOf(const PlanTarget& target) {
  return target.name().empty() ? target.url() : target.name();
}

std::string LabelOf(const PlanTarget& target) {
  return target.label().empty() ? DefaultLabelOf(target) : target.label();
}

void CheckOptions(const PlanTarget& target, const std::string& field, RuleFaults* faults) {
  if (target.options_size() > kMostOptions) {
    faults->Add(field + ".options", "are ", target.options_size(), "; at most ", kMostOptions);
  }
  for (const auto& [name, value] : target.options()) {
    if (name.size() > kMostOptionNameBytes) {
      faults->Add(field + ".options", "a name is ", name.size(), " bytes long; at most ",
                  kMostOptionNameBytes);
    } else if (value.size() > kMostOptionBytes) {
      faults->Add(absl::StrCat(field, ".options.", name), "is ", value.size(),
                  " bytes long; at most ", kMostOptionBytes);
    }
  }
}

void CheckTargets(const Plan& plan, RuleFaults* faults) {
  if (plan.targets().empty()) {
    faults->Add("targets",
                "there is none; a plan needs at least one, as targets { name: \"epoll\" }");
  }
  // Label to the index of the first target that has it.
  absl::flat_hash_map<std::string, int> labels;
  for (int i = 0; i < plan.targets_size(); ++i) {
    const PlanTarget& target = plan.targets(i);
    const std::string field = absl::StrCat("targets[", i, "]");
    if (target.name().empty() == target.url().empty()) {
      faults->Add(field,
                  target.name().empty() ? "has neither name nor url" : "has both name and url",
                  "; exactly one says which server it is");
      continue;
    }
    if (!target.url().empty()) {
      const absl::StatusOr<TargetUrl> url = ParseTargetUrl(target.url());
      if (!url.ok()) faults->Add(field + ".url", url.status().message());
      if (!target.tls_server_name().empty() && url.ok() && !url->tls) {
        faults->Add(field + ".tls_server_name", "goes with an https url");
      }
      if (!target.tls_server_name().empty() && !IsServerName(target.tls_server_name())) {
        faults->Add(field + ".tls_server_name", "is no DNS name, such as www.example.org");
      }
      if (!target.options().empty()) {
        faults->Add(field + ".options",
                    "a server given by URL is not started, so it has no options");
      }
    } else {
      CheckName(target.name(), field + ".name", faults);
      CheckOptions(target, field, faults);
      if (target.http2())
        faults->Add(field + ".http2", "goes with a url: servers of the catalogue speak HTTP/1.1");
      if (!target.tls_server_name().empty())
        faults->Add(field + ".tls_server_name", "goes with an https url");
    }
    if (!target.label().empty()) CheckName(target.label(), field + ".label", faults);
    const auto [first, added] = labels.emplace(LabelOf(target), i);
    if (!added) {
      faults->Add(field + (target.label().empty() ? ".name" : ".label"), "\"", LabelOf(target),
                  "\" is the label of targets[", first->second,
                  "] already; give one of them another label");
    }
  }
}

}  // namespace assay::controller
