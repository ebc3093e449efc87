#include "agent/jobs/generator_spec.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/verify/verify.h"

namespace assay::agent {
namespace {

loadgen::GeneratorSpec::Request RequestOf(const Workload& workload, bool contract) {
  loadgen::GeneratorSpec::Request request;
  request.set_method(workload.method());
  request.set_path(workload.path().empty() ? "/" : workload.path());
  *request.mutable_headers() = workload.headers();
  if (workload.has_body()) request.set_body(workload.body());
  const RightResponse right = ExpectedResponse(workload, contract);
  request.set_expect_status(static_cast<uint32_t>(right.status));
  if (right.rule == RightResponse::Body::kEqual) request.set_expect_body(right.body);
  return request;
}

void AddKind(const LoadSpec& spec, loadgen::GeneratorSpec& generator) {
  generator.set_pipeline(1);
  if (spec.has_open()) {
    generator.set_connections(spec.open().connections());
    generator.mutable_open()->set_rate_per_s(spec.open().rate_per_s());
    generator.mutable_open()->set_arrivals(spec.open().arrivals());
    return;
  }
  generator.set_connections(spec.closed().connections());
  generator.set_pipeline(std::max<uint32_t>(spec.workload().pipeline(), 1));
  generator.set_think_ns(
      absl::ToInt64Nanoseconds(absl::Seconds(spec.workload().think().seconds())));
}

}  // namespace

Window GeneratorWindow(const LoadSpec& spec) {
  Window window = spec.window();
  if (spec.has_slots()) {
    window.set_duration_ns(spec.slots().slot_ns() * static_cast<uint64_t>(spec.slots().own_size()));
  }
  return window;
}

loadgen::GeneratorSpec GeneratorSpecFor(const LoadSpec& spec, const HostPort& destination,
                                        const CpuSet& cpus) {
  loadgen::GeneratorSpec generator;
  generator.set_target(absl::StrCat(spec.tls() ? "https://" : "", destination.ToString()));
  *generator.add_requests() = RequestOf(spec.workload(), spec.contract());
  AddKind(spec, generator);
  generator.set_threads(std::max<uint32_t>(spec.threads(), 1));
  generator.set_cpus(cpus.ToString());
  const Window window = GeneratorWindow(spec);
  generator.set_warmup_ns(static_cast<int64_t>(window.warmup_ns()));
  generator.set_duration_ns(static_cast<int64_t>(window.duration_ns()));
  generator.set_request_count(window.requests());
  generator.set_timeout_ns(static_cast<int64_t>(spec.timeout_ns()));
  if (spec.has_slots()) *generator.mutable_slots() = spec.slots();
  if (spec.drain_ns() > 0) generator.set_drain_ns(static_cast<int64_t>(spec.drain_ns()));
  generator.set_http2(spec.http2());
  generator.set_tls_server_name(spec.tls_server_name());
  generator.set_seed(spec.seed());
  generator.set_share_index(spec.share_count() > 0 ? spec.share_index() : 0);
  generator.set_share_count(std::max<uint32_t>(spec.share_count(), 1));
  return generator;
}

}  // namespace assay::agent
