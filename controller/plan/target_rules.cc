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
    faults->Add(field + ".options", "has ", target.options_size(), " options; at most ",
                kMostOptions);
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
                "is empty; a plan needs at least one target, such as targets { name: \"epoll\" }");
  }
  // From a label to the index of the first target with that label.
  absl::flat_hash_map<std::string, int> labels;
  for (int i = 0; i < plan.targets_size(); ++i) {
    const PlanTarget& target = plan.targets(i);
    const std::string field = absl::StrCat("targets[", i, "]");
    if (target.name().empty() == target.url().empty()) {
      faults->Add(field,
                  target.name().empty() ? "has neither name nor url" : "has both name and url",
                  "; set exactly one of them");
      continue;
    }
    if (!target.url().empty()) {
      const absl::StatusOr<TargetUrl> url = ParseTargetUrl(target.url());
      if (!url.ok()) faults->Add(field + ".url", url.status().message());
      if (!target.tls_server_name().empty() && url.ok() && !url->tls) {
        faults->Add(field + ".tls_server_name", "needs an https url: only TLS sends a server name");
      }
      if (!target.tls_server_name().empty() && !IsServerName(target.tls_server_name())) {
        faults->Add(field + ".tls_server_name", "is not a DNS name, such as www.example.org");
      }
      if (!target.options().empty()) {
        faults->Add(field + ".options",
                    "needs a target that an agent starts: a server given by URL has no options");
      }
    } else {
      CheckName(target.name(), field + ".name", faults);
      CheckOptions(target, field, faults);
      if (target.http2())
        faults->Add(field + ".http2",
                    "needs a url: the servers of the catalogue speak HTTP/1.1 only");
      if (!target.tls_server_name().empty())
        faults->Add(field + ".tls_server_name", "needs an https url: only TLS sends a server name");
    }
    if (!target.label().empty()) CheckName(target.label(), field + ".label", faults);
    const auto [first, added] = labels.emplace(LabelOf(target), i);
    if (!added) {
      faults->Add(field + (target.label().empty() ? ".name" : ".label"), "\"", LabelOf(target),
                  "\" is the label of targets[", first->second,
                  "] too; give one of them another label");
    }
  }
}

}  // namespace assay::controller
