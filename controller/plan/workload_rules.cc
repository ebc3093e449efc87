#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "common/http_url.h"
#include "controller/plan/plan_support.h"
#include "controller/plan/rule_faults.h"

namespace assay {
namespace {

constexpr uint32_t kMaxPipeline = 1024;
constexpr int kMaxHeaders = 100;

// A token of RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// What frames a request is the load generator's: a plan that said otherwise would measure broken
// requests.
bool IsFraming(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return lower == "content-length" || lower == "transfer-encoding" || lower == "connection" ||
         lower == "expect" || lower == "upgrade";
}

void CheckHeader(const Header& header, const std::string& field, RuleFaults* faults) {
  if (!IsToken(header.name())) {
    faults->Add(field + ".name", "\"", header.name(),
                "\" is no header name: letters, digits and !#$%&'*+-.^_`|~ make one");
  } else if (IsFraming(header.name())) {
    faults->Add(field + ".name", header.name(), " is set by the load generator itself");
  }
  const bool broken = std::any_of(header.value().begin(), header.value().end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
  });
  if (broken) {
    faults->Add(field + ".value",
                "has a line break or another control character, which would end the header early");
  }
}

void CheckRequest(const Workload& workload, const std::string& field, RuleFaults* faults) {
  if (!workload.method().empty() && !IsToken(workload.method())) {
    faults->Add(field + ".method", "\"", workload.method(), "\" is no method, such as GET or POST");
  }
  if (workload.method() == "CONNECT") {
    faults->Add(field + ".method", "CONNECT asks for a tunnel, which has no answer to measure");
  }
  if (!workload.path().empty()) {
    const absl::Status path = CheckRequestTarget(workload.path());
    if (workload.path().front() != '/') {
      faults->Add(field + ".path", "\"", workload.path(), "\" does not begin with a slash");
    } else if (!path.ok()) {
      faults->Add(field + ".path", path.message());
    }
  }
  if (workload.headers_size() > kMaxHeaders) {
    faults->Add(field + ".headers", "there are ", workload.headers_size(), "; at most ",
                kMaxHeaders);
  }
  for (int i = 0; i < workload.headers_size(); ++i) {
    CheckHeader(workload.headers(i), absl::StrCat(field, ".headers[", i, "]"), faults);
  }
}

}  // namespace

void CheckWorkloads(const Plan& plan, RuleFaults* faults) {
  if (plan.workloads().empty()) {
    faults->Add("workloads",
                "there is none; a plan needs at least one, as "
                "workloads { name: \"json\" path: \"/json\" }");
  }
  // Name to the index of the first workload that has it.
  std::map<std::string, int> names;
  for (int i = 0; i < plan.workloads_size(); ++i) {
    const Workload& workload = plan.workloads(i);
    const std::string field = absl::StrCat("workloads[", i, "]");
    CheckName(workload.name(), field + ".name", faults);
    const auto [first, added] = names.emplace(workload.name(), i);
    if (!added) {
      faults->Add(field + ".name", "\"", workload.name(), "\" is the name of workloads[",
                  first->second, "] already; names are unique");
    }
    CheckRequest(workload, field, faults);
    const uint32_t status = workload.expect().status();
    if (status != 0 && (status < 200 || status > 599)) {
      faults->Add(field + ".expect.status", status, " is no status of an answer: 200 to 599");
    }
    if (workload.body().size() > kMaxBodyBytes) {
      faults->Add(field + ".body", "is ", workload.body().size(), " bytes long; at most ",
                  kMaxBodyBytes);
    }
    if (workload.has_think()) CheckPause(workload.think(), field + ".think", false, faults);
    if (workload.pipeline() > kMaxPipeline) {
      faults->Add(field + ".pipeline", workload.pipeline(), " is more than ", kMaxPipeline);
    }
  }
}

}  // namespace assay
