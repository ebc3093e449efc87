// Fuzzes ParsePerfScript() with any bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "analysis/profile/perf_script.h"
#include "analysis/profile/test_profile.h"

namespace assay {

std::vector<std::string> FuzzSeeds() {
  RandomStream random(1);
  std::vector<std::string> seeds = {
      "a b  12/34 [001]  1.000001:  100 cpu-clock:u: \n\t ffff f+0x1 ([kernel.kallsyms])\n"
      "\t 12 g (inlined)\n\t 12 operator()(int) (/opt/x (deleted))\n\n"
      "a 3 2.5: 7 sched:sched_switch: x ==> y\n",
      "     dd  68/25  59.390907:   10 cpu_core/cycles/u:  ffff f(int (*)(int))+0x1 ([heap])\n"
      "  b.c:2\n     #c 1.5:  6  59.4: 9 cpu_atom/cycles/:  ff f+0x1 (/a (b) c)\n"
      "\t 12 g\n  b.c:3 (inlined)\nx 1 1.5: PERF_RECORD_LOST lost 5\n"};
  for (const int stacks : {1, 3}) {
    seeds.push_back(PerfScriptText(RandomProfile(&random, stacks, 6), "task-clock"));
  }
  return seeds;
}

}  // namespace assay

// A text that is accepted as a profile keeps its weights when it is written and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<assay::PerfScript> script = assay::ParsePerfScript(text, 100);
  if (!script.ok()) return 0;
  const absl::StatusOr<assay::PerfScript> again =
      assay::ParsePerfScript(assay::PerfScriptText(script->profile, "cpu-clock"), 0);
  if (!again.ok()) std::abort();
  for (const auto time : {assay::StackTime::kOnCpu, assay::StackTime::kOffCpu}) {
    if (!(again->profile.total(time) == script->profile.total(time))) std::abort();
  }
  return 0;
}
