#include "agent/jobs/load_command.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/verify/verify.h"
#include "common/file.h"
#include "common/number_text.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
// Enough for several seconds of a fast thread, should the agent be kept from draining.
constexpr size_t kDrainedRing = 8 * kMiB;
constexpr size_t kLargestRings = 64 * kMiB;
// Generous: blocks take 3 to 5 bytes a sample, and no thread reaches this rate with one request on a connection; with
// many it does a million and a half (docs/performance.md).
constexpr double kBytesPerSample = 8;
constexpr double kMostSamplesPerSecond = 400'000;
constexpr int kMostGainOfPipeline = 5;

std::string Nanos(uint64_t ns) { return absl::StrCat(ns, "ns"); }

const char* ArrivalsName(OpenLoop::Arrivals arrivals) {
  switch (arrivals) {
    case OpenLoop::POISSON:
      return "poisson";
    case OpenLoop::RAMP:
      return "ramp";
    default:
      return "constant";
  }
}

absl::Status AddWorkload(const Workload& workload, bool contract, const std::string& folder,
                         std::vector<std::string>& argv) {
  argv.push_back(absl::StrCat("--path=", workload.path().empty() ? "/" : workload.path()));
  if (!workload.method().empty()) argv.push_back(absl::StrCat("--method=", workload.method()));
  for (const Header& header : workload.headers()) {
    argv.push_back(absl::StrCat("--header=", header.name(), ": ", header.value()));
  }
  if (workload.has_body()) {
    const std::string path = folder + "/body";
    ASSAY_RETURN_IF_ERROR(WriteFileAtomically(path, workload.body()));
    argv.push_back(absl::StrCat("--body-file=", path));
  }
  const RightResponse right = ExpectedResponse(workload, contract);
  argv.push_back(absl::StrCat("--expect-status=", right.status));
  if (right.rule == RightResponse::Body::kEqual) {
    const std::string path = folder + "/expected";
    ASSAY_RETURN_IF_ERROR(WriteFileAtomically(path, right.body));
    argv.push_back(absl::StrCat("--expect-body-file=", path));
  }
  return absl::OkStatus();
}

void AddKind(const LoadSpec& spec, std::vector<std::string>& argv) {
  if (spec.has_closed()) {
    argv.push_back(absl::StrCat("--connections=", spec.closed().connections()));
    if (spec.workload().pipeline() > 1) {
      argv.push_back(absl::StrCat("--pipeline=", spec.workload().pipeline()));
    }
    if (spec.workload().think().seconds() > 0) {
      // A number such as 1e-07 with a unit is no time to loadgen.
      const double think_ns = spec.workload().think().seconds() * 1e9;
      argv.push_back("--think=" + Nanos(static_cast<uint64_t>(think_ns)));
    }
  } else {
    argv.push_back(absl::StrCat("--connections=", spec.open().connections()));
    argv.push_back(absl::StrCat("--rate=", NumberText(spec.open().rate_per_s())));
    argv.push_back(absl::StrCat("--arrivals=", ArrivalsName(spec.open().arrivals())));
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> LoadgenArgv(const std::string& program,
                                                     const LoadSpec& spec,
                                                     const HostPort& destination,
                                                     const CpuSet& cpus,
                                                     const std::string& folder) {
  std::vector<std::string> argv = {
      program, absl::StrCat("--target=", spec.tls() ? "https://" : "", destination.ToString())};
  if (spec.http2()) argv.push_back("--http2");
  if (!spec.tls_server_name().empty()) {
    argv.push_back("--tls-server-name=" + spec.tls_server_name());
  }
  ASSAY_RETURN_IF_ERROR(AddWorkload(spec.workload(), spec.contract(), folder, argv));
  AddKind(spec, argv);
  const Window& window = spec.window();
  if (window.duration_ns() > 0) argv.push_back("--duration=" + Nanos(window.duration_ns()));
  if (window.requests() > 0) argv.push_back(absl::StrCat("--requests=", window.requests()));
  argv.push_back("--warmup=" + Nanos(window.warmup_ns()));
  argv.push_back("--timeout=" + Nanos(spec.timeout_ns()));
  argv.push_back("--drain=" + Nanos(spec.drain_ns() > 0 ? spec.drain_ns() : spec.timeout_ns()));
  argv.push_back(absl::StrCat("--threads=", std::max<uint32_t>(spec.threads(), 1)));
  argv.push_back("--cpu=" + cpus.ToString());
  argv.push_back(absl::StrCat("--seed=", spec.seed()));
  if (spec.share_count() > 0) {
    argv.push_back(absl::StrCat("--share=", spec.share_index(), "/", spec.share_count()));
  }
  argv.push_back("--quiet");
  argv.push_back(absl::StrCat("--control-fd=", kLoadgenControlFd));
  if (spec.raw_samples()) argv.push_back(absl::StrCat("--ring-fd=", kLoadgenRingFd));
  return argv;
}

RingPlan PlanRing(const Window& window, int threads, bool drained_in_window, int pipeline) {
  if (drained_in_window) return {kDrainedRing, false};
  // Any thread may get all requests of a window that is counted in them, or all that it can send in its time.
  const double samples = window.requests() > 0 ? static_cast<double>(window.requests())
                                               : static_cast<double>(window.duration_ns()) / 1e9 *
                                                     kMostSamplesPerSecond *
                                                     std::clamp(pipeline, 1, kMostGainOfPipeline);
  const double wanted = samples * kBytesPerSample + static_cast<double>(kMiB);
  const size_t share = std::max(kLargestRings / threads, kMiB);
  if (wanted > static_cast<double>(share)) return {share, false};
  return {static_cast<size_t>(wanted), true};
}

}  // namespace assay::agent
