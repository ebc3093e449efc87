#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"
#include "analysis/metrics.h"
#include "common/load_limits.h"
#include "common/number_text.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/plan_support.h"
#include "controller/plan/rule_faults.h"

namespace assay::controller {
namespace {

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
    faults->Add("load.closed.connections", "has no level; expected a list such as [16, 64, 250]");
  }
  absl::flat_hash_set<uint32_t> seen;
  for (int i = 0; i < closed.connections_size(); ++i) {
    const uint32_t connections = closed.connections(i);
    const std::string field = absl::StrCat("load.closed.connections[", i, "]");
    if (connections == 0) {
      faults->Add(field, "0 connections send no request; use at least 1");
    } else if (connections > kMostConnections) {
      faults->Add(field, connections, " is more than ", kMostConnections);
    }
    if (!seen.insert(connections).second) {
      faults->Add(field, connections, " appears twice; list each level once");
    }
  }
  switch (closed.length_case()) {
    case ClosedLoop::kRequests:
      if (closed.requests() == 0 || closed.requests() > kMostRequests) {
        faults->Add("load.closed.requests", closed.requests(),
                    " requests is out of range: at least 1, and at most ", kMostRequests);
      }
      break;
    case ClosedLoop::kDuration:
      CheckPause(closed.duration(), "load.closed.duration", kShortestSeconds, faults);
      break;
    case ClosedLoop::LENGTH_NOT_SET:
      faults->Add("load.closed",
                  "has neither requests nor duration; set exactly one, such as "
                  "duration { seconds: 10 }");
      break;
  }
}

// Checks the rate of an open loop, or of one level of a curve. `field` is the field of the rate.
void CheckRate(double rate_per_s, const std::string& field, RuleFaults* faults) {
  if (rate_per_s >= kLowestRate && rate_per_s <= kHighestRate) return;
  faults->Add(field, rate_per_s, " requests per second is out of range: at least ", kLowestRate,
              ", and at most ", kHighestRate);
}

void CheckOpenConnections(uint32_t connections, const std::string& field, RuleFaults* faults) {
  if (connections > kMostConnections)
    faults->Add(field, connections, " is more than ", kMostConnections);
}

void CheckOpen(const OpenLoop& open, RuleFaults* faults) {
  CheckRate(open.rate_per_s(), "load.open.rate_per_s", faults);
  CheckOpenConnections(open.connections(), "load.open.connections", faults);
  CheckPause(open.duration(), "load.open.duration", kShortestSeconds, faults);
}

void CheckCurve(const LoadCurve& curve, RuleFaults* faults) {
  if (curve.rates_per_s().empty()) {
    faults->Add("load.curve.rates_per_s",
                "has no level; expected a list such as [1000, 5000, 20000]");
  }
  absl::flat_hash_set<double> seen;
  for (int i = 0; i < curve.rates_per_s_size(); ++i) {
    const double rate = curve.rates_per_s(i);
    const std::string field = absl::StrCat("load.curve.rates_per_s[", i, "]");
    CheckRate(rate, field, faults);
    if (!seen.insert(rate).second) faults->Add(field, rate, " appears twice; list each level once");
  }
  CheckOpenConnections(curve.connections(), "load.curve.connections", faults);
  CheckPause(curve.duration(), "load.curve.duration", kShortestSeconds, faults);
}

// Windows shorter than this are too short to judge (gate too_short_window).
constexpr double kShortestFindSeconds = 0.3;

void CheckFind(const Plan& plan, RuleFaults* faults) {
  const FindCapacity& find = plan.load().find();
  if (!IsObjectiveMetric(find.metric())) {
    std::vector<std::string> metrics;
    for (const std::string& name : MetricNames()) {
      if (IsObjectiveMetric(name)) metrics.push_back(name);
    }
    faults->Add("load.find.metric", "\"", find.metric(), "\" is not a metric of an objective; use ",
                absl::StrJoin(metrics, ", "));
  }
  if (!std::isfinite(find.max()) || find.max() <= 0) {
    faults->Add("load.find.max", find.max(),
                " is not a largest latency in microseconds; expected a number above 0, such as "
                "5000");
  }
  CheckOpenConnections(find.connections(), "load.find.connections", faults);
  CheckPause(find.duration(), "load.find.duration", kShortestFindSeconds, faults);
  if (plan.has_profile()) {
    faults->Add("profile",
                "cannot be used with load.find, which finds its rates one after the other; take "
                "profiles with load.open at the rate that a search found");
  }
  if (!plan.primary_metric().empty() && plan.primary_metric() != kCapacityMetric) {
    faults->Add("primary_metric", plan.primary_metric(),
                " does not compare capacities; with load.find use ", std::string(kCapacityMetric),
                ", or remove it");
  }
  for (int i = 0; i < plan.thresholds_size(); ++i) {
    if (!plan.thresholds(i).has_regression_percent()) continue;
    faults->Add(absl::StrCat("thresholds[", i, "].regression_percent"),
                "cannot be used with load.find, because earlier searches are not compared; use a "
                "min of ",
                std::string(kCapacityMetric));
  }
}

// Rejects the metric that only a search has.
void CheckWithoutFind(const Plan& plan, RuleFaults* faults) {
  if (plan.primary_metric() == kCapacityMetric) {
    faults->Add("primary_metric", std::string(kCapacityMetric), " is known only with load.find");
  }
  for (int i = 0; i < plan.thresholds_size(); ++i) {
    if (plan.thresholds(i).metric() != kCapacityMetric) continue;
    faults->Add(absl::StrCat("thresholds[", i, "].metric"), std::string(kCapacityMetric),
                " is known only with load.find");
  }
}

// Rejects workload fields that only a closed loop supports.
void CheckOpenWorkloads(const Plan& plan, RuleFaults* faults) {
  for (int i = 0; i < plan.workloads_size(); ++i) {
    const Workload& workload = plan.workloads(i);
    if (workload.pipeline() > 1) {
      faults->Add(absl::StrCat("workloads[", i, "].pipeline"),
                  "needs a closed loop: in an open loop each request has its own due time; remove "
                  "it, or use load.closed");
    }
    if (workload.think().seconds() > 0) {
      faults->Add(
          absl::StrCat("workloads[", i, "].think"),
          "needs a closed loop: in an open loop the rate determines when requests are sent; "
          "remove it, or use load.closed");
    }
  }
}

// A window that ends after a number of requests is aborted after an hour, so its think time must take less than that.
void CheckThinkOfCount(const Plan& plan, RuleFaults* faults) {
  const ClosedLoop& closed = plan.load().closed();
  if (closed.requests() == 0 || closed.connections().empty()) return;
  const uint32_t fewest = std::max<uint32_t>(
      1, *std::min_element(closed.connections().begin(), closed.connections().end()));
  for (int i = 0; i < plan.workloads_size(); ++i) {
    const Workload& workload = plan.workloads(i);
    const double in_flight = static_cast<double>(fewest) * std::max(1u, workload.pipeline());
    // The first requests on a connection have no think time before them.
    const double turns = std::max(0.0, static_cast<double>(closed.requests()) / in_flight - 1);
    const double seconds = turns * workload.think().seconds();
    if (seconds <= kLongestCountedSeconds) continue;
    faults->Add(
        absl::StrCat("workloads[", i, "].think"), "makes ", CountText(closed.requests(), "request"),
        " on ", CountText(fewest, "connection"), " take at least ", seconds,
        " s; a window that ends after a number of requests may take at most ",
        kLongestCountedSeconds, " s; use fewer requests, more connections or less think time");
  }
}

}  // namespace

void CheckLoad(const Plan& plan, RuleFaults* faults) {
  const Load& load = plan.load();
  const Load::KindCase kind = load.kind_case();
  if (kind == Load::KIND_NOT_SET) {
    faults->Add("load", "has no kind of load; expected one of ", SupportedKinds(),
                ", such as load { closed { connections: [64] duration { seconds: 10 } } }");
  } else if (std::find(std::begin(kSupportedLoads), std::end(kSupportedLoads), kind) ==
             std::end(kSupportedLoads)) {
    faults->Add("load." + LoadKindName(load), "is not supported by this version, which supports ",
                SupportedKinds());
  }
  if (kind == Load::kClosed) CheckClosed(load.closed(), faults);
  if (kind == Load::kClosed) CheckThinkOfCount(plan, faults);
  if (kind == Load::kOpen) CheckOpen(load.open(), faults);
  if (kind == Load::kCurve) CheckCurve(load.curve(), faults);
  if (kind == Load::kFind) CheckFind(plan, faults);
  if (kind != Load::kFind) CheckWithoutFind(plan, faults);
  if (kind != Load::kClosed && kind != Load::KIND_NOT_SET) CheckOpenWorkloads(plan, faults);
  if (load.has_warmup()) CheckPause(load.warmup(), "load.warmup", 0, faults);
  if (load.has_timeout()) CheckPause(load.timeout(), "load.timeout", kShortestSeconds, faults);
}

}  // namespace assay::controller
