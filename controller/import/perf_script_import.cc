#include "controller/import/perf_script_import.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/profile/perf_script.h"
#include "common/number_text.h"
#include "common/utf8.h"
#include "proto/convert/profile_chunk.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay::controller {
namespace {

constexpr size_t kSamplesPerChunk = 2000;

// Functions at the start of a thread.
constexpr std::array<std::string_view, 4> kFirstFunctions = {"_start", "clone", "clone3",
                                                             "ret_from_fork"};

bool IsWhole(const StackProfile& profile, uint32_t node) {
  while (profile.nodes()[node].parent != 0) node = profile.nodes()[node].parent - 1;
  const std::string& outermost = profile.FunctionOf(profile.frames()[profile.nodes()[node].frame]);
  return std::find(kFirstFunctions.begin(), kFirstFunctions.end(), outermost) !=
         kFirstFunctions.end();
}

// Without privileges, kernel functions have no names.
bool HasKernelNames(const StackProfile& profile) {
  return std::any_of(
      profile.frames().begin(), profile.frames().end(), [&profile](const StackFrame& frame) {
        return frame.kind == FrameKind::kKernel && profile.FunctionOf(frame) != kUnknownFunction;
      });
}

// Correct responses per second of all load agents.
double ResponsesPerSecond(const ExecutionRecord& execution) {
  double rate = 0;
  for (const LoadRecord& load : execution.loads()) {
    const double seconds = static_cast<double>(load.finished().duration_ns()) / 1e9;
    if (seconds > 0) rate += static_cast<double>(load.finished().ok_in_window()) / seconds;
  }
  return rate;
}

}  // namespace

absl::StatusOr<ImportedProfile> ImportPerfScript(std::string_view text, std::string_view name,
                                                 uint32_t frequency_hz,
                                                 const ExecutionRecord& execution,
                                                 std::string_view event) {
  const std::string shown = TerminalText(name);
  absl::StatusOr<PerfScript> script = ParsePerfScript(text, frequency_hz, event);
  if (!script.ok()) {
    return absl::Status(script.status().code(),
                        absl::StrCat(shown, ": ", script.status().message()));
  }
  const StackProfile& profile = script->profile;
  const StackWeight on_cpu = profile.total(StackTime::kOnCpu);
  if (on_cpu.samples == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        shown,
        " has no sample of time on the CPU: it is not output of `perf script`, or the recording "
        "is empty"));
  }
  ImportedProfile imported;
  ProfileInfo& info = imported.info;
  info.set_event(script->event);
  info.set_kernel_frames(!script->event.ends_with(":u"));
  info.set_kernel_names(info.kernel_frames() && HasKernelNames(profile));
  info.set_lost(script->lost);
  info.set_samples(on_cpu.samples);
  int64_t last_ns = 0;
  uint64_t whole = 0;
  for (const StackSample& sample : profile.samples()) {
    last_ns = std::max(last_ns, sample.at_ns);
    if (sample.time == StackTime::kOnCpu && IsWhole(profile, sample.node)) ++whole;
  }
  info.set_end_ns(last_ns);
  info.set_whole(whole);
  const double sample_ns = static_cast<double>(on_cpu.ns) / static_cast<double>(on_cpu.samples);
  info.set_frequency_hz(frequency_hz > 0
                            ? frequency_hz
                            : static_cast<uint32_t>(std::lround(1e9 / std::max(1.0, sample_ns))));
  info.set_requests(static_cast<uint64_t>(
      std::llround(ResponsesPerSecond(execution) * static_cast<double>(last_ns) / 1e9)));
  info.add_notes(absl::StrCat("imported from ", shown,
                              " (perf script); requests are estimated from the execution's rate"));
  if (script->skipped > 0) {
    info.add_notes(absl::StrFormat(
        "%s of events other than %s left out: %s; choose an event with --event=NAME",
        CountText(script->skipped, "sample"), script->event, script->others));
  }
  if (script->flat > 0) {
    info.add_notes(
        absl::StrFormat("%s recorded without stacks, with only the function on "
                        "top; record stacks with "
                        "perf record --call-graph=dwarf",
                        CountText(script->flat, "sample")));
  }
  for (const ProfileChunk& chunk : ToProto(profile, kSamplesPerChunk)) {
    imported.chunks.push_back(Deflated(chunk));
  }
  // The stored profile must be readable again.
  const absl::StatusOr<StackProfile> again = FromProto(imported.chunks);
  if (!again.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(shown, " exceeds the size limit of a profile: ", again.status().message()));
  }
  return imported;
}

}  // namespace assay::controller
