#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/http_url.h"
#include "controller/plan/rule_faults.h"
#include "controller/plan/target_url.h"

namespace assay {

std::string LabelOf(const PlanTarget& target) {
  if (!target.label().empty()) return target.label();
  return target.name().empty() ? target.url() : target.name();
}

void CheckTargets(const Plan& plan, RuleFaults* faults) {
  if (plan.targets().empty()) {
    faults->Add("targets",
                "there is none; a plan needs at least one, as targets { name: \"epoll\" }");
  }
  // Label to the index of the first target that has it.
  std::map<std::string, int> labels;
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

}  // namespace assay
