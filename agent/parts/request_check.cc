#include "agent/parts/request_check.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay {
namespace {

constexpr uint32_t kShortestLeaseMs = 1'000;
constexpr uint32_t kLongestLeaseMs = 600'000;
constexpr uint64_t kDayNs = 86'400'000'000'000;
// More than one host has source ports for, to a single destination.
constexpr uint32_t kMostConnections = 60'000;
constexpr uint32_t kMostThreads = 1'024;

absl::Status Wrong(std::string_view field, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(field), ": ", std::string(why)));
}

absl::Status CheckWindow(std::string_view field, const Window& window) {
  if ((window.duration_ns() == 0) == (window.requests() == 0)) {
    return Wrong(field, "exactly one of duration_ns and requests must be set");
  }
  if (window.duration_ns() > kDayNs || window.warmup_ns() > kDayNs) {
    return Wrong(field, "longer than a day");
  }
  return absl::OkStatus();
}

bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kOthers.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

bool IsOneLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

absl::Status CheckWorkload(const std::string& field, const Workload& workload) {
  if (workload.has_body_file()) {
    return Wrong(field + ".body_file", "an agent reads no files of the plan: send the body itself");
  }
  if (!workload.method().empty() && !IsToken(workload.method())) {
    return Wrong(field + ".method",
                 absl::StrCat("'", workload.method(), "' is not an HTTP method"));
  }
  const std::string& path = workload.path();
  if (!path.empty() &&
      (path[0] != '/' || !IsOneLine(path) || path.find(' ') != std::string::npos)) {
    return Wrong(field + ".path",
                 absl::StrCat("'", path, "' does not begin with / or has a space"));
  }
  for (const Header& header : workload.headers()) {
    if (!IsToken(header.name()) || !IsOneLine(header.value())) {
      return Wrong(field + ".headers", absl::StrCat("'", header.name(), "' is not one HTTP field"));
    }
  }
  if (workload.think().seconds() < 0) return Wrong(field + ".think", "is negative");
  return absl::OkStatus();
}

absl::Status CheckServer(const ServerSpec& server) {
  if (server.target().empty()) return Wrong("server.target", "names no target of the catalogue");
  if (server.port() > 65'535) return Wrong("server.port", "is beyond 65535");
  ASSAY_RETURN_IF_ERROR(CheckWorkload("server.verify", server.verify()));
  return CheckWindow("server.window", server.window());
}

absl::Status CheckConnections(std::string_view field, uint32_t connections, uint32_t threads) {
  if (connections == 0) return Wrong(field, "zero connections can send nothing");
  if (connections > kMostConnections) {
    return Wrong(field, absl::StrCat("more than ", kMostConnections,
                                     " connections do not fit one address's source ports"));
  }
  if (threads > connections) {
    return Wrong("load.threads", absl::StrCat(threads, " threads cannot share ", connections,
                                              " connections: each needs one"));
  }
  return absl::OkStatus();
}

absl::Status CheckLoad(const LoadSpec& load) {
  if (load.destination().empty()) return Wrong("load.destination", "is not set");
  ASSAY_RETURN_IF_ERROR(CheckWorkload("load.workload", load.workload()));
  ASSAY_RETURN_IF_ERROR(CheckWindow("load.window", load.window()));
  if (load.threads() > kMostThreads) return Wrong("load.threads", "more than 1,024");
  if (load.timeout_ns() == 0 || load.timeout_ns() > kDayNs) {
    return Wrong("load.timeout_ns", "must be more than 0 and at most a day");
  }
  if (load.drain_ns() > kDayNs) return Wrong("load.drain_ns", "longer than a day");
  if (load.share_count() > 0 && load.share_index() >= load.share_count()) {
    return Wrong("load.share_index", "must be below share_count");
  }
  switch (load.kind_case()) {
    case LoadSpec::kClosed:
      return CheckConnections("load.closed.connections", load.closed().connections(),
                              load.threads());
    case LoadSpec::kOpen: {
      const double rate = load.open().rate_per_s();
      if (!std::isfinite(rate) || rate <= 0) {
        return Wrong("load.open.rate_per_s", "must be a rate above 0");
      }
      return CheckConnections("load.open.connections", load.open().connections(), load.threads());
    }
    case LoadSpec::KIND_NOT_SET:
      return Wrong("load", "one of closed and open must be set");
  }
  return Wrong("load", "of a kind that this agent does not know");
}

}  // namespace

absl::Status CheckOpenRequest(const OpenRequest& request) {
  if (request.part().execution_id().empty()) return Wrong("part.execution_id", "is not set");
  // Others read its beginning where it holds what they want.
  if (!IsToken(request.part().execution_id()) || request.part().execution_id().size() > 200) {
    return Wrong("part.execution_id",
                 "is not at most 200 letters, digits and signs such as - and _");
  }
  if (request.lease_ms() < kShortestLeaseMs || request.lease_ms() > kLongestLeaseMs) {
    return Wrong("lease_ms", absl::StrCat(request.lease_ms(), " is not from ", kShortestLeaseMs,
                                          " to ", kLongestLeaseMs));
  }
  switch (request.part().role()) {
    case PartId::SERVER:
      if (!request.has_server()) return Wrong("server", "is not set, and the role is SERVER");
      return CheckServer(request.server());
    case PartId::LOAD:
      if (!request.has_load()) return Wrong("load", "is not set, and the role is LOAD");
      return CheckLoad(request.load());
    default:
      return Wrong("part.role", "is neither SERVER nor LOAD");
  }
}

}  // namespace assay
