#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "common/http_field.h"
#include "common/http_url.h"
#include "common/load_limits.h"
#include "controller/plan/rule_faults.h"

namespace assay::controller {
namespace {

// The load generator sets the headers that frame a request. A plan that set them would measure malformed
// requests.
bool IsFraming(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return lower == "content-length" || lower == "transfer-encoding" || lower == "connection" ||
         lower == "expect" || lower == "upgrade";
}

void CheckHeader(const Header& header, const std::string& field, RuleFaults* faults) {
  if (const absl::Status name = CheckHeaderName(header.name()); !name.ok()) {
    faults->Add(field + ".name", name.message());
  } else if (IsFraming(header.name())) {
    faults->Add(field + ".name", header.name(),
                " is set by the load generator; remove it from the plan");
  }
  if (const absl::Status value = CheckHeaderValue(header.value()); !value.ok()) {
    faults->Add(field + ".value", value.message());
  }
}

// Rejects headers that HTTP/2 does not allow, if a target uses HTTP/2.
void CheckHeadersOfHttp2(const Plan& plan, const Workload& workload, const std::string& field,
                         RuleFaults* faults) {
  for (int i = 0; i < workload.headers_size(); ++i) {
    const std::string& name = workload.headers(i).name();
    if (IsHeaderOfHttp2(name) || IsFraming(name)) continue;
    const auto speaks = std::find_if(plan.targets().begin(), plan.targets().end(),
                                     [](const PlanTarget& target) { return target.http2(); });
    if (speaks == plan.targets().end()) return;
    faults->Add(absl::StrCat(field, ".headers[", i, "].name"), name,
                " is not allowed in HTTP/2, which target ", LabelOf(*speaks), " uses; remove it");
  }
}

void CheckRequest(const Workload& workload, const std::string& field, RuleFaults* faults) {
  if (!workload.method().empty()) {
    const absl::Status method = CheckMethod(workload.method());
    if (!method.ok()) faults->Add(field + ".method", method.message());
  }
  if (!workload.path().empty()) {
    const absl::Status path = CheckRequestTarget(workload.path());
    if (workload.path().front() != '/') {
      faults->Add(field + ".path", "\"", workload.path(), "\" does not begin with a slash");
    } else if (!path.ok()) {
      faults->Add(field + ".path", path.message());
    }
  }
  size_t bytes = 0;
  for (const Header& header : workload.headers()) {
    bytes += header.name().size() + header.value().size();
  }
  if (const absl::Status size = CheckHeaderSize(workload.headers_size(), bytes); !size.ok()) {
    faults->Add(field + ".headers", size.message());
  }
  for (int i = 0; i < workload.headers_size(); ++i) {
    CheckHeader(workload.headers(i), absl::StrCat(field, ".headers[", i, "]"), faults);
  }
}

void CheckResponse(const Workload& workload, const std::string& field, RuleFaults* faults) {
  const uint32_t status = workload.expect().status();
  if (status != 0 && (status < kLowestStatus || status > kHighestStatus)) {
    faults->Add(field + ".expect.status", status, " is out of range: at least ", kLowestStatus,
                ", and at most ", kHighestStatus);
  }
  const size_t body = workload.body().size();
  const size_t expected = workload.expect().body().size();
  if (body > kMostBodyBytes) {
    faults->Add(field + ".body", "is ", body, " bytes long; at most ", kMostBodyBytes);
  } else if (body + expected > kMostBodyBytes) {
    faults->Add(field + ".expect.body", "is ", expected, " bytes long; at most ", kMostBodyBytes,
                " together with the body of the request");
  }
}

}  // namespace

void CheckWorkloads(const Plan& plan, RuleFaults* faults) {
  if (plan.workloads().empty()) {
    faults->Add("workloads",
                "is empty; a plan needs at least one workload, such as "
                "workloads { name: \"json\" path: \"/json\" }");
  }
  // From a name to the index of the first workload with that name.
  absl::flat_hash_map<std::string, int> names;
  for (int i = 0; i < plan.workloads_size(); ++i) {
    const Workload& workload = plan.workloads(i);
    const std::string field = absl::StrCat("workloads[", i, "]");
    CheckName(workload.name(), field + ".name", faults);
    const auto [first, added] = names.emplace(workload.name(), i);
    if (!added) {
      faults->Add(field + ".name", "\"", workload.name(), "\" is the name of workloads[",
                  first->second, "] too; give one of them another name");
    }
    CheckRequest(workload, field, faults);
    CheckHeadersOfHttp2(plan, workload, field, faults);
    CheckResponse(workload, field, faults);
    if (workload.has_think()) CheckPause(workload.think(), field + ".think", 0, faults);
    if (workload.pipeline() > kMostPipeline) {
      faults->Add(field + ".pipeline", workload.pipeline(), " is more than ", kMostPipeline);
    }
  }
}

}  // namespace assay::controller
