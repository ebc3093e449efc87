#include "agent/telemetry/environment_values.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/cpu_set.h"

namespace assay::agent {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::StatusOr<std::string> ColonValue(std::string_view text, std::string_view key) {
  for (const absl::string_view line : absl::StrSplit(View(text), '\n')) {
    const std::pair<absl::string_view, absl::string_view> jobs =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(jobs.first) == View(key)) {
      return std::string(absl::StripAsciiWhitespace(jobs.second));
    }
  }
  return absl::NotFoundError(absl::StrCat("the kernel does not report \"", View(key), "\""));
}

absl::StatusOr<std::string> SelectedOption(std::string_view text) {
  const size_t open = text.find('[');
  const size_t close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return absl::NotFoundError(
        absl::StrCat("no option is selected in \"", absl::StripAsciiWhitespace(View(text)), "\""));
  }
  return std::string(text.substr(open + 1, close - open - 1));
}

absl::StatusOr<std::string> Limit(std::string_view limits, std::string_view name) {
  for (absl::string_view line : absl::StrSplit(View(limits), '\n')) {
    if (!absl::ConsumePrefix(&line, View(name))) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (fields.size() >= 2) return absl::StrCat("soft ", fields[0], ", hard ", fields[1]);
  }
  return absl::NotFoundError(absl::StrCat("there is no limit named \"", View(name), "\""));
}

std::string ByCpu(const std::map<int, std::string>& values) {
  std::map<std::string, CpuSet> cpus_by_value;
  for (const auto& [cpu, value] : values) cpus_by_value[value].Add(cpu);
  if (cpus_by_value.size() == 1) return cpus_by_value.begin()->first;
  std::vector<std::string> groups;
  for (const auto& [value, cpus] : cpus_by_value) {
    groups.push_back(absl::StrCat(cpus.ToString(), ": ", value));
  }
  std::sort(groups.begin(), groups.end());
  return absl::StrJoin(groups, "; ");
}

std::string Mitigations(const std::map<std::string, std::string>& vulnerabilities) {
  std::vector<std::string> affected;
  for (const auto& [name, state] : vulnerabilities) {
    if (state != "Not affected") affected.push_back(absl::StrCat(name, ": ", state));
  }
  return affected.empty() ? "none needed" : absl::StrJoin(affected, "; ");
}

absl::StatusOr<CgroupPath> CpuCgroup(std::string_view text) {
  std::optional<CgroupPath> found;
  for (const absl::string_view line : absl::StrSplit(View(text), '\n', absl::SkipEmpty())) {
    // "4:cpu,cpuacct:/path" or, unified, "0::/path".
    const std::vector<absl::string_view> jobs = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (jobs.size() != 3) continue;
    const std::vector<absl::string_view> controllers = absl::StrSplit(jobs[1], ',');
    if (std::find(controllers.begin(), controllers.end(), "cpu") != controllers.end()) {
      return CgroupPath{.unified = false, .path = std::string(jobs[2])};
    }
    if (jobs[1].empty()) found = CgroupPath{.unified = true, .path = std::string(jobs[2])};
  }
  if (found.has_value()) return *found;
  return absl::NotFoundError("the process is in no control group for CPUs");
}

absl::StatusOr<std::optional<double>> CpuQuota(std::string_view cpu_max) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(View(cpu_max), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  double quota_us, period_us;
  if (fields.size() != 2 || !absl::SimpleAtod(fields[1], &period_us) || period_us <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("not a CPU quota: \"", View(cpu_max), "\""));
  }
  if (fields[0] == "max" || fields[0] == "-1") return std::optional<double>();
  if (!absl::SimpleAtod(fields[0], &quota_us)) {
    return absl::InvalidArgumentError(absl::StrCat("not a CPU quota: \"", View(cpu_max), "\""));
  }
  return std::optional<double>(quota_us / period_us);
}

}  // namespace assay::agent
