#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "controller/plan/load_levels.h"
#include "controller/plan/plan_support.h"
#include "controller/plan/rule_faults.h"

namespace assay {
namespace {

constexpr uint32_t kMaxConnections = 1'000'000;
constexpr double kMaxRate = 1e8;
constexpr uint64_t kMaxRequests = 1'000'000'000'000;

std::string SupportedKinds() {
  std::string names;
  for (const Load::KindCase kind : kSupportedLoads) {
    absl::StrAppend(&names, names.empty() ? "" : ", ",
                    Load::descriptor()->FindFieldByNumber(kind)->name());
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

// Of an open loop, and of each level of a curve: `field` is where the rate stands.
void CheckRate(double rate_per_s, const std::string& field, RuleFaults* faults) {
  if (std::isfinite(rate_per_s) && rate_per_s > 0 && rate_per_s <= kMaxRate) return;
  faults->Add(field, rate_per_s, " requests a second is no rate: more than 0, and at most ",
              kMaxRate);
}

void CheckOpenConnections(uint32_t connections, const std::string& field, RuleFaults* faults) {
  if (connections > kMaxConnections)
    faults->Add(field, connections, " is more than ", kMaxConnections);
}

void CheckOpen(const OpenLoop& open, RuleFaults* faults) {
  CheckRate(open.rate_per_s(), "load.open.rate_per_s", faults);
  CheckOpenConnections(open.connections(), "load.open.connections", faults);
  CheckPause(open.duration(), "load.open.duration", true, faults);
}

void CheckCurve(const LoadCurve& curve, RuleFaults* faults) {
  if (curve.rates_per_s().empty()) {
    faults->Add("load.curve.rates_per_s",
                "there is no level; expected a list such as [1000, 5000, 20000]");
  }
  std::set<double> seen;
  for (int i = 0; i < curve.rates_per_s_size(); ++i) {
    const double rate = curve.rates_per_s(i);
    const std::string field = absl::StrCat("load.curve.rates_per_s[", i, "]");
    CheckRate(rate, field, faults);
    if (!seen.insert(rate).second)
      faults->Add(field, rate, " comes twice; each level is one entry");
  }
  CheckOpenConnections(curve.connections(), "load.curve.connections", faults);
  CheckPause(curve.duration(), "load.curve.duration", true, faults);
}

// What only a closed loop can do.
void CheckOpenWorkloads(const Plan& plan, RuleFaults* faults) {
  for (int i = 0; i < plan.workloads_size(); ++i) {
    const Workload& workload = plan.workloads(i);
    if (workload.pipeline() > 1) {
      faults->Add(absl::StrCat("workloads[", i, "].pipeline"),
                  "is the closed loop's: in an open loop each request has a due time of its own");
    }
    if (workload.think().seconds() > 0) {
      faults->Add(absl::StrCat("workloads[", i, "].think"),
                  "is the closed loop's: in an open loop the rate says when requests are sent");
    }
  }
}

}  // namespace

void CheckLoad(const Plan& plan, RuleFaults* faults) {
  const Load& load = plan.load();
  const Load::KindCase kind = load.kind_case();
  if (kind == Load::KIND_NOT_SET) {
    faults->Add("load", "says no kind of load; expected one of ", SupportedKinds(),
                ", as load { closed { connections: [64] duration { seconds: 10 } } }");
  } else if (std::find(std::begin(kSupportedLoads), std::end(kSupportedLoads), kind) ==
             std::end(kSupportedLoads)) {
    faults->Add("load." + LoadKindName(load), "is not supported yet by this version, which offers ",
                SupportedKinds());
  }
  if (kind == Load::kClosed) CheckClosed(load.closed(), faults);
  if (kind == Load::kOpen) CheckOpen(load.open(), faults);
  if (kind == Load::kCurve) CheckCurve(load.curve(), faults);
  if (kind == Load::kOpen || kind == Load::kCurve) CheckOpenWorkloads(plan, faults);
  if (load.has_warmup()) CheckPause(load.warmup(), "load.warmup", false, faults);
  if (load.has_timeout()) CheckPause(load.timeout(), "load.timeout", true, faults);
}

}  // namespace assay
