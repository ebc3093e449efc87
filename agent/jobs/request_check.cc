#include "agent/jobs/request_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/http_field.h"
#include "common/http_url.h"
#include "common/load_limits.h"
#include "common/status_macros.h"
#include "proto/convert/slot_schedule.h"

namespace assay::agent {
namespace {

constexpr uint32_t kShortestLeaseMs = 1'000;
constexpr uint32_t kLongestLeaseMs = 600'000;

constexpr size_t kLongestId = 200;
constexpr char kNoId[] = "is not at most 200 letters, digits and signs such as - and _";

bool IsId(const std::string& text) { return IsToken(text) && text.size() <= kLongestId; }

absl::Status Wrong(std::string_view field, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(field), ": ", std::string(why)));
}

absl::Status CheckWindow(std::string_view field, const Window& window) {
  if ((window.duration_ns() == 0) == (window.requests() == 0)) {
    return Wrong(field, "exactly one of duration_ns and requests must be set");
  }
  if (window.duration_ns() > kLongestNs || window.warmup_ns() > kLongestNs) {
    return Wrong(field, "longer than a day");
  }
  if (window.requests() == 0 && window.duration_ns() < kShortestNs) {
    return Wrong(field, "shorter than a millisecond");
  }
  if (window.requests() > kMostRequests) {
    return Wrong(field, absl::StrCat("more than ", kMostRequests, " requests"));
  }
  return absl::OkStatus();
}

absl::Status In(std::string_view field, const absl::Status& status) {
  return status.ok() ? status : Wrong(field, std::string(status.message()));
}

absl::Status CheckHeaders(const std::string& field, const Workload& workload) {
  size_t bytes = 0;
  for (const Header& header : workload.headers()) {
    bytes += header.name().size() + header.value().size();
    ASSAY_RETURN_IF_ERROR(In(field, CheckHeaderName(header.name())));
    ASSAY_RETURN_IF_ERROR(In(field, CheckHeaderValue(header.value())));
  }
  return In(field, CheckHeaderSize(workload.headers_size(), bytes));
}

absl::Status CheckWorkload(const std::string& field, const Workload& workload) {
  if (workload.has_body_file()) {
    return Wrong(field + ".body_file", "an agent reads no files of the plan: send the body itself");
  }
  if (!workload.method().empty()) {
    ASSAY_RETURN_IF_ERROR(In(field + ".method", CheckMethod(workload.method())));
  }
  if (!workload.path().empty()) {
    ASSAY_RETURN_IF_ERROR(In(field + ".path", CheckRequestTarget(workload.path())));
  }
  ASSAY_RETURN_IF_ERROR(CheckHeaders(field + ".headers", workload));
  if (workload.body().size() + workload.expect().body().size() > kMostBodyBytes) {
    return Wrong(field + ".body", absl::StrCat("it and the expected body have more than ",
                                               kMostBodyBytes, " bytes"));
  }
  const uint32_t status = workload.expect().status();
  if (status != 0 && (status < kLowestStatus || status > kHighestStatus)) {
    return Wrong(field + ".expect.status",
                 absl::StrCat(status, " is not from ", kLowestStatus, " to ", kHighestStatus));
  }
  const double think = workload.think().seconds();
  if (!(think >= 0 && think <= kLongestSeconds)) {
    return Wrong(field + ".think", "is not from 0 to a day");
  }
  if (workload.pipeline() > kMostPipeline) {
    return Wrong(field + ".pipeline", absl::StrCat("is more than ", kMostPipeline));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const ServerSpec& server) {
  if (server.options_size() > kMostOptions) {
    return Wrong("server.options", absl::StrCat("are more than ", kMostOptions));
  }
  for (const auto& [name, value] : server.options()) {
    if (name.size() > kMostOptionNameBytes || value.size() > kMostOptionBytes) {
      return Wrong("server.options",
                   absl::StrCat("a name has more than ", kMostOptionNameBytes,
                                " bytes, or a value more than ", kMostOptionBytes));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSchedule(std::string_view field, const SlotSchedule& slots,
                           const Window& window) {
  if (window.requests() > 0) {
    return Wrong(field, "a window that is bounded by requests has no slots: set duration_ns");
  }
  return In(field, CheckSlots(slots));
}

absl::Status CheckServer(const ServerSpec& server) {
  if (server.target().empty()) return Wrong("server.target", "names no target of the catalogue");
  if (server.port() > 65'535) return Wrong("server.port", "is beyond 65535");
  ASSAY_RETURN_IF_ERROR(CheckOptions(server));
  ASSAY_RETURN_IF_ERROR(CheckWorkload("server.verify", server.verify()));
  const uint32_t hz = server.profile().frequency_hz();
  if (server.has_profile() && (hz == 0 || hz > kMostProfileHz)) {
    return Wrong("server.profile.frequency_hz",
                 absl::StrCat(hz, " is not between 1 and ", kMostProfileHz));
  }
  if (server.has_profile() && server.has_slots()) {
    return Wrong("server.profile",
                 "a server is not profiled in slots: profile it in an execution of its own");
  }
  if (server.environment_padding() > kMostEnvironmentPadding) {
    return Wrong(
        "server.environment_padding",
        absl::StrCat(server.environment_padding(), " is more than ", kMostEnvironmentPadding));
  }
  if (server.has_slots()) {
    ASSAY_RETURN_IF_ERROR(CheckSchedule("server.slots", server.slots(), server.window()));
  }
  return CheckWindow("server.window", server.window());
}

absl::Status CheckConnections(std::string_view field, uint32_t connections, uint32_t threads) {
  if (connections == 0) return Wrong(field, "zero connections can send nothing");
  if (connections > kMostAgentConnections) {
    return Wrong(field, absl::StrCat("more than ", kMostAgentConnections,
                                     " connections do not fit one address's source ports"));
  }
  if (threads > connections) {
    return Wrong("load.threads", absl::StrCat(threads, " threads cannot share ", connections,
                                              " connections: each needs one"));
  }
  return absl::OkStatus();
}

// What goes with TLS and HTTP/2 only, and what does not go with them.
absl::Status CheckTransport(const LoadSpec& load) {
  if (!load.tls_server_name().empty() && !load.tls()) {
    return Wrong("load.tls_server_name", "goes with tls");
  }
  if (!load.tls_server_name().empty() && !IsServerName(load.tls_server_name())) {
    return Wrong("load.tls_server_name", "is no DNS name");
  }
  for (const Header& header : load.workload().headers()) {
    if (load.http2() && !IsHeaderOfHttp2(header.name())) {
      return Wrong("load.workload.headers", absl::StrCat("HTTP/2 has no header ", header.name()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOpenLoop(const LoadSpec& load) {
  const double rate = load.open().rate_per_s();
  if (!(rate >= kLowestRate / std::max<uint32_t>(1, load.share_count()) && rate <= kHighestRate)) {
    return Wrong("load.open.rate_per_s",
                 absl::StrCat("must be a rate above 0, and at most ", kHighestRate));
  }
  if (load.open().arrivals() == OpenLoop::RAMP && load.window().duration_ns() == 0) {
    return Wrong("load.open.arrivals", "a ramp needs a window.duration_ns to ramp over");
  }
  return CheckConnections("load.open.connections", load.open().connections(), load.threads());
}

absl::Status CheckLoad(const LoadSpec& load) {
  if (load.destination().empty()) return Wrong("load.destination", "is not set");
  ASSAY_RETURN_IF_ERROR(CheckWorkload("load.workload", load.workload()));
  ASSAY_RETURN_IF_ERROR(CheckTransport(load));
  ASSAY_RETURN_IF_ERROR(CheckWindow("load.window", load.window()));
  if (load.has_slots()) {
    ASSAY_RETURN_IF_ERROR(CheckSchedule("load.slots", load.slots(), load.window()));
    if (load.window().warmup_ns() > 0) {
      return Wrong("load.window", "warmup_ns is not 0: slots have warm-up slots instead");
    }
  }
  if (load.threads() > kMostThreads) {
    return Wrong("load.threads", absl::StrCat("more than ", kMostThreads));
  }
  if (load.window().requests() > 0 && load.threads() > load.window().requests()) {
    return Wrong("load.threads",
                 absl::StrCat(load.threads(), " threads cannot share ", load.window().requests(),
                              " requests: each needs one"));
  }
  if (load.timeout_ns() < kShortestNs || load.timeout_ns() > kLongestNs) {
    return Wrong("load.timeout_ns", "must be at least a millisecond and at most a day");
  }
  if (load.drain_ns() > kLongestNs) return Wrong("load.drain_ns", "longer than a day");
  if (load.share_count() > 0 && load.share_index() >= load.share_count()) {
    return Wrong("load.share_index", "must be below share_count");
  }
  switch (load.kind_case()) {
    case LoadSpec::kClosed:
      return CheckConnections("load.closed.connections", load.closed().connections(),
                              load.threads());
    case LoadSpec::kOpen:
      return CheckOpenLoop(load);
    case LoadSpec::KIND_NOT_SET:
      return Wrong("load", "one of closed and open must be set");
  }
  return Wrong("load", "of a kind that this agent does not know");
}

}  // namespace

absl::Status CheckOpenRequest(const OpenRequest& request) {
  if (request.job().execution_id().empty()) return Wrong("job.execution_id", "is not set");
  // Others read its beginning where it holds what they want.
  if (!IsId(request.job().execution_id())) return Wrong("job.execution_id", kNoId);
  if (!request.group().empty() && !IsId(request.group())) {
    return Wrong("group", kNoId);
  }
  if (request.lease_ms() < kShortestLeaseMs || request.lease_ms() > kLongestLeaseMs) {
    return Wrong("lease_ms", absl::StrCat(request.lease_ms(), " is not from ", kShortestLeaseMs,
                                          " to ", kLongestLeaseMs));
  }
  switch (request.job().role()) {
    case JobId::SERVER:
      if (!request.has_server()) return Wrong("server", "is not set, and the role is SERVER");
      return CheckServer(request.server());
    case JobId::LOAD:
      if (!request.has_load()) return Wrong("load", "is not set, and the role is LOAD");
      return CheckLoad(request.load());
    default:
      return Wrong("job.role", "is neither SERVER nor LOAD");
  }
}

}  // namespace assay::agent
