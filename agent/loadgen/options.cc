#include "agent/loadgen/options.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/load_protocol/control.pb.h"
#include "common/cpu_set.h"
#include "common/http_url.h"
#include "common/load_limits.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "proto/agent.pb.h"
#include "proto/convert/slot_schedule.h"
#include "proto/plan.pb.h"

namespace assay::loadgen {
namespace {

// Requests that wait for a connection take 32 bytes each.
constexpr double kLeastWaiting = 1'000;
constexpr double kMostWaiting = 4'000'000;

absl::Status CheckTime(std::string_view flag, int64_t ns) {
  const absl::Duration time = absl::Nanoseconds(ns);
  if (time >= absl::ZeroDuration() && time <= absl::Nanoseconds(kLongestNs))
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      std::string(flag), ": ", absl::FormatDuration(time), " is not between 0 and a day"));
}

absl::Status ReadTimes(const GeneratorSpec& spec, LoadOptions& options) {
  options.warmup_ns = spec.warmup_ns();
  options.duration_ns = spec.duration_ns();
  options.timeout_ns = spec.timeout_ns();
  options.drain_ns = spec.has_drain_ns() ? spec.drain_ns() : spec.timeout_ns();
  options.think_ns = spec.think_ns();
  options.idle_gaps_ns = spec.has_idle_gaps_ns() ? spec.idle_gaps_ns() : kIdleGapsNs;
  for (const auto& [flag, ns] :
       {std::pair("--warmup", options.warmup_ns), std::pair("--duration", options.duration_ns),
        std::pair("--timeout", options.timeout_ns), std::pair("--drain", options.drain_ns),
        std::pair("--think", options.think_ns), std::pair("--idle-gaps", options.idle_gaps_ns)}) {
    ASSAY_RETURN_IF_ERROR(CheckTime(flag, ns));
  }
  if (options.duration_ns == 0 && options.request_count == 0) {
    return absl::InvalidArgumentError("--duration and --requests are both 0: when should it end?");
  }
  if (options.duration_ns != 0 && static_cast<uint64_t>(options.duration_ns) < kShortestNs) {
    return absl::InvalidArgumentError("--duration is at least 1ms, or 0 where --requests ends it");
  }
  if (static_cast<uint64_t>(options.timeout_ns) < kShortestNs) {
    return absl::InvalidArgumentError("--timeout is at least 1ms");
  }
  if (options.idle_gaps_ns > 10'000'000'000) {
    return absl::InvalidArgumentError("--idle-gaps is at most 10s");
  }
  return absl::OkStatus();
}

// Slots come from an agent; no flag sets them.
absl::Status ReadSlots(const GeneratorSpec& spec, LoadOptions& options) {
  if (!spec.has_slots()) return absl::OkStatus();
  const SlotSchedule& slots = spec.slots();
  const absl::Status checked = CheckSlots(slots);
  if (!checked.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("slots: ", checked.message()));
  }
  if (options.request_count != 0 || options.warmup_ns != 0) {
    return absl::InvalidArgumentError(
        "slots: the schedule alone says when a run begins and ends; it does not go with a number "
        "of "
        "requests or a warm-up");
  }
  const uint64_t total_ns = slots.slot_ns() * static_cast<uint64_t>(slots.own_size());
  if (static_cast<uint64_t>(options.duration_ns) != total_ns) {
    return absl::InvalidArgumentError(absl::StrCat("slots: the duration is ", options.duration_ns,
                                                   " ns, but the own slots are ", total_ns,
                                                   " ns long together"));
  }
  options.slots = std::make_shared<const SlotSchedule>(slots);
  return absl::OkStatus();
}

Arrivals ArrivalsOf(const GeneratorSpec::Open& open) {
  switch (open.arrivals()) {
    case OpenLoop::POISSON:
      return Arrivals::kPoisson;
    case OpenLoop::RAMP:
      return Arrivals::kRamp;
    default:
      return Arrivals::kConstant;
  }
}

// A count beyond an int becomes one that is out of every range.
void TakeCounts(const GeneratorSpec& spec, LoadOptions& options) {
  options.connections = static_cast<int>(spec.connections());
  options.threads = static_cast<int>(spec.threads());
  options.request_count = spec.request_count();
  options.pipeline = static_cast<int>(spec.pipeline());
  options.http2 = spec.http2();
  options.rate_per_s = spec.open().rate_per_s();
  options.arrivals = ArrivalsOf(spec.open());
  options.pacing = spec.open().gentle() ? Pacing::kGentle : Pacing::kSpin;
  options.queue_limit = spec.open().queue_limit();
  options.seed = spec.seed();
  options.share_index = static_cast<int>(spec.share_index());
  options.share_count = static_cast<int>(spec.share_count());
}

absl::Status CheckCounts(LoadOptions& options) {
  if (options.connections < 1 || options.connections > static_cast<int>(kMostConnections)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--connections is between 1 and ", kMostConnections));
  }
  if (options.threads < 1 || options.threads > static_cast<int>(kMostThreads)) {
    return absl::InvalidArgumentError(absl::StrCat("--threads is between 1 and ", kMostThreads));
  }
  if (options.request_count > kMostRequests) {
    return absl::InvalidArgumentError(absl::StrCat("--requests is at most ", kMostRequests));
  }
  if (options.threads > options.connections) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--threads=", options.threads, " is more than --connections=", options.connections,
        ": each thread needs one of its own"));
  }
  if (options.request_count > 0 && options.request_count < static_cast<uint64_t>(options.threads)) {
    return absl::InvalidArgumentError(absl::StrCat("--requests=", options.request_count,
                                                   " is less than --threads=", options.threads));
  }
  if (options.pipeline < 1 || options.pipeline > static_cast<int>(kMostPipeline)) {
    return absl::InvalidArgumentError(absl::StrCat("--pipeline is between 1 and ", kMostPipeline));
  }
  if (options.rate_per_s != 0 && !(options.rate_per_s > 0 && options.rate_per_s <= kHighestRate)) {
    return absl::InvalidArgumentError(absl::StrCat("--rate is above 0 and at most ",
                                                   NumberText(kHighestRate), " requests a second"));
  }
  if (options.open_loop()) {
    const double waiting = options.rate_per_s * static_cast<double>(options.timeout_ns) / 1e9;
    if (options.queue_limit == 0) {
      options.queue_limit = static_cast<uint64_t>(std::clamp(waiting, kLeastWaiting, kMostWaiting));
    }
    if (options.arrivals == Arrivals::kRamp && options.duration_ns == 0) {
      return absl::InvalidArgumentError("--arrivals=ramp needs a --duration to ramp over");
    }
  }
  if (options.queue_limit > static_cast<uint64_t>(kMostWaiting)) {
    return absl::InvalidArgumentError("--queue-limit is at most 4000000");
  }
  if (options.open_loop() && ((options.pipeline > 1 && !options.http2) || options.think_ns > 0)) {
    return absl::InvalidArgumentError(
        "--pipeline (without --http2) and --think are the closed loop's, not --rate's");
  }
  if (options.share_index < 0 || options.share_index >= options.share_count) {
    return absl::InvalidArgumentError(absl::StrCat("--share=", options.share_index, "/",
                                                   options.share_count,
                                                   " is not INDEX/COUNT with INDEX below COUNT"));
  }
  if (options.open_loop() && options.rate_per_s < kLowestRate / options.share_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("--rate is at least ", NumberText(kLowestRate), " requests a second"));
  }
  return absl::OkStatus();
}

absl::Status ReadCpus(const GeneratorSpec& spec, LoadOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(const CpuSet wanted, CpuSet::Parse(spec.cpus()));
  ASSAY_ASSIGN_OR_RETURN(const CpuSet allowed, CpuSet::AllowedForThisProcess());
  if (!allowed.Includes(wanted)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--cpu=", spec.cpus(), ": this process may use the CPUs ", allowed.ToString(), " only"));
  }
  options.cpus = wanted.cpus();
  return absl::OkStatus();
}

absl::Status ReadTarget(const GeneratorSpec& spec, LoadOptions& options) {
  options.tls_verify = spec.tls_verify();
  options.tls_server_name = spec.tls_server_name();
  ASSAY_ASSIGN_OR_RETURN(options.target, TargetAddress::Parse(spec.target()));
  if (options.tls_verify && !options.target.tls) {
    return absl::InvalidArgumentError("--tls-verify needs an https:// target");
  }
  if (!options.tls_server_name.empty()) {
    if (!options.target.tls) {
      return absl::InvalidArgumentError("--tls-server-name needs an https:// target");
    }
    if (!IsServerName(options.tls_server_name)) {
      return absl::InvalidArgumentError(
          "--tls-server-name is no DNS name, such as www.example.org");
    }
  }
  return absl::OkStatus();
}

RequestSpec RequestSpecOf(const GeneratorSpec::Request& request) {
  RequestSpec spec;
  spec.method = request.method();
  spec.path = request.path();
  for (const Header& header : request.headers()) {
    spec.headers.emplace_back(header.name(), header.value());
  }
  if (request.has_body()) spec.body = request.body();
  spec.expect_status = static_cast<int>(request.expect_status());
  if (request.has_expect_length()) spec.expect_length = request.expect_length();
  if (request.has_expect_body()) spec.expect_body = request.expect_body();
  if (request.has_expect_sha256()) spec.expect_sha256 = request.expect_sha256();
  if (request.has_weight()) spec.weight = request.weight();
  return spec;
}

absl::Status BuildRequests(const GeneratorSpec& spec, LoadOptions& options) {
  if (spec.requests().empty()) return absl::InvalidArgumentError("there is no request to send");
  for (const GeneratorSpec::Request& of_spec : spec.requests()) {
    ASSAY_ASSIGN_OR_RETURN(Request request,
                           Request::Build(RequestSpecOf(of_spec), options.target.authority));
    options.requests.push_back(std::move(request));
  }
  for (const Request& request : options.requests) {
    if (options.http2) ASSAY_RETURN_IF_ERROR(request.CheckForHttp2());
    if (request.closes && options.pipeline > 1) {
      return absl::InvalidArgumentError(
          "--pipeline does not go with the header `Connection: close`: a request that ends its "
          "connection has none behind it; leave one of the two out");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FillOptions(const GeneratorSpec& spec, LoadOptions& options) {
  TakeCounts(spec, options);
  if (spec.has_open() && options.rate_per_s == 0) {
    return absl::InvalidArgumentError(
        "--rate=0 sends no request: give a rate above 0, or leave --rate out for a closed loop");
  }
  ASSAY_RETURN_IF_ERROR(ReadTimes(spec, options));
  ASSAY_RETURN_IF_ERROR(ReadSlots(spec, options));
  ASSAY_RETURN_IF_ERROR(CheckCounts(options));
  ASSAY_RETURN_IF_ERROR(ReadCpus(spec, options));
  ASSAY_RETURN_IF_ERROR(ReadTarget(spec, options));
  return BuildRequests(spec, options);
}

}  // namespace assay::loadgen
