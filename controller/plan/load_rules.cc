#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "controller/plan/plan_support.h"
#include "controller/plan/rule_faults.h"

namespace assay {
namespace {

constexpr uint32_t kMaxConnections = 1'000'000;
constexpr uint64_t kMaxRequests = 1'000'000'000'000;

std::string KindName(Load::KindCase kind) {
  return Load::descriptor()->FindFieldByNumber(kind)->name();
}

std::string SupportedKinds() {
  std::string names;
  for (const Load::KindCase kind : kSupportedLoads) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", KindName(kind));
  }
  return names;
}

void CheckClosed(const ClosedLoop& closed, RuleFaults* faults) {
  if (closed.connections().empty()) {
    faults->Add("load.closed.connections",
                "there is no level; expected a list such as [16, 64, 250]");
  }
  std::set<uint32_t> seen;
  for (int i = 0; i < closed.connections_size(); ++i) {
    const uint32_t connections = closed.connections(i);
    const std::string field = absl::StrCat("load.closed.connections[", i, "]");
    if (connections == 0) {
      faults->Add(field, "0 connections load nothing; at least 1");
    } else if (connections > kMaxConnections) {
      faults->Add(field, connections, " is more than ", kMaxConnections);
    }
    if (!seen.insert(connections).second) {
      faults->Add(field, connections, " comes twice; each level is one entry");
    }
  }
  switch (closed.length_case()) {
    case ClosedLoop::kRequests:
      if (closed.requests() == 0 || closed.requests() > kMaxRequests) {
        faults->Add("load.closed.requests", closed.requests(), " requests make no window: 1 to ",
                    kMaxRequests);
      }
      break;
    case ClosedLoop::kDuration:
      CheckPause(closed.duration(), "load.closed.duration", true, faults);
      break;
    case ClosedLoop::LENGTH_NOT_SET:
      faults->Add("load.closed",
                  "has neither requests nor duration; exactly one bounds a window, as "
                  "duration { seconds: 10 }");
      break;
  }
}

}  // namespace

void CheckLoad(const Load& load, RuleFaults* faults) {
  const Load::KindCase kind = load.kind_case();
  if (kind == Load::KIND_NOT_SET) {
    faults->Add("load", "says no kind of load; expected one of ", SupportedKinds(),
                ", as load { closed { connections: [64] duration { seconds: 10 } } }");
  } else if (std::find(std::begin(kSupportedLoads), std::end(kSupportedLoads), kind) ==
             std::end(kSupportedLoads)) {
    faults->Add("load." + KindName(kind), "is not supported yet by this version, which offers ",
                SupportedKinds());
  }
  if (kind == Load::kClosed) CheckClosed(load.closed(), faults);
  if (load.has_warmup()) CheckPause(load.warmup(), "load.warmup", false, faults);
  if (load.has_timeout()) CheckPause(load.timeout(), "load.timeout", true, faults);
}

}  // namespace assay
