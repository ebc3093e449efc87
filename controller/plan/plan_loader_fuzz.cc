// Plans in text and in JSON, and overrides on top, whatever bytes they are: a status or a plan, never a crash, and a
// plan without faults survives being stored.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_loader.h"
#include "controller/plan/plan_rules.h"

namespace assay::controller {
namespace {

// The first byte of an input selects the format. Each zero byte starts an override.
constexpr char kJson = 'j';

void CheckLoaded(const LoadedPlan& loaded) {
  if (!Validate(loaded).ok()) return;
  const Plan plan = WithDefaults(loaded.plan);
  Plan stored;
  if (!Validate(plan).ok() || !stored.ParseFromString(plan.SerializeAsString())) std::abort();
  // The schedule may have a million executions; checking the cells is enough.
  if (CellsOf(plan).empty()) std::abort();
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::string text =
      "name: \"x\" targets { name: \"a\" options { key: \"k\" value: \"v\" } } targets { url: "
      "\"http://h:1\" } workloads { name: \"w\" path: \"/\" headers { name: \"A\" value: \"b\" } "
      "body: \"\\377\" } load { closed { connections: [1, 2] requests: 3 } } verdict: NONE "
      "thresholds { metric: \"rps\" min: 1e3 } placement { server_cpus: \"0-1\" }";
  const std::string json =
      "{\"name\": \"x\", \"targets\": [{\"name\": \"a\", \"options\": {\"k\": \"v\"}}], "
      "\"workloads\": [{\"name\": \"w\", \"body\": \"aGk=\"}], \"load\": {\"closed\": "
      "{\"connections\": [1, 2.0], \"duration\": {\"seconds\": 1e-1}}}, \"verdict\": \"NONE\", "
      "\"seed\": \"18446744073709551615\", \"blocks\": null, \"primaryMetric\": "
      "\"\\u0070\\u0039\\u0039_us\"}";
  using std::string_literals::operator""s;
  return {"t" + text, "j" + json,
          "t" + text + "\0load.closed.connections=64,250"s + "\0targets[0].label=x"s,
          "j" + json + "\0targets[0].options.a.b=c"s + "\0thresholds="s, "t\0blocks=3"s};
}

}  // namespace assay::controller

std::vector<std::string> assay::FuzzSeeds() { return controller::Seeds(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> parts;
  for (size_t begin = 1; begin <= input.size();) {
    const size_t end = std::min(input.find('\0', begin), input.size());
    parts.emplace_back(input.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.empty()) return 0;
  const std::vector<std::string> overrides(parts.begin() + 1, parts.end());
  // The folder does not exist, so that no relative path of an input names a file.
  const absl::StatusOr<assay::controller::LoadedPlan> loaded = assay::controller::ParsePlan(
      parts[0],
      input[0] == assay::controller::kJson ? assay::controller::PlanFormat::kJson
                                           : assay::controller::PlanFormat::kText,
      "p", "/proc/self/nowhere", overrides);
  if (loaded.ok()) assay::controller::CheckLoaded(*loaded);
  return 0;
}
