#include "agent/profiler/profile_abilities.h"

#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "agent/profiler/kernel_symbols.h"
#include "agent/profiler/perf_event.h"
#include "agent/profiler/profiler.h"
#include "agent/profiler/syscall_counters.h"
#include "common/file.h"

namespace assay::agent {
namespace {

// The per-CPU variables come before the kernel's text; they are some hundred lines.
constexpr size_t kSomeSymbols = size_t{64} << 10;

// Tries an event of this thread on any CPU.
agent::PerfAbility TryEvent(const char* name, perf_event_attr attributes) {
  attributes.disabled = 1;
  const profiler::EventOrError event = profiler::OpenPerfEvent(attributes, /*tid=*/0, /*cpu=*/-1);
  if (event.error == 0) return {.name = name, .available = true};
  std::string paranoid = ReadFile("/proc/sys/kernel/perf_event_paranoid").value_or("");
  absl::StripAsciiWhitespace(&paranoid);
  return agent::ExplainPerfError(name, event.error, paranoid);
}

std::string SomeKernelSymbols() {
  std::ifstream kallsyms("/proc/kallsyms");
  std::string text(kSomeSymbols, '\0');
  kallsyms.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(kallsyms.gcount()));
  return text;
}

}  // namespace

agent::PerfAbility KernelNamesIn(const std::string& kallsyms) {
  agent::PerfAbility ability = {.name = "kernel_names"};
  ability.available = !profiler::KernelSymbols(kallsyms).empty();
  if (ability.available) return ability;
  ability.reason = kallsyms.empty() ? "/proc/kallsyms is not readable"
                                    : "/proc/kallsyms hides its addresses from this process";
  ability.remedy =
      "sysctl kernel.kptr_restrict=0 and kernel.perf_event_paranoid=1, or give the agent "
      "CAP_SYSLOG";
  return ability;
}

ProfileAbilities TryProfileAbilities() {
  const ProfilerConfig usual;
  ProfileAbilities abilities;
  for (const agent::PerfEventKind& kind : agent::PerfEventLadder()) {
    abilities.events.push_back(TryEvent(
        kind.name, profiler::SamplingAttributes(kind, usual.frequency_hz, usual.stack_bytes)));
  }
  abilities.off_cpu =
      TryEvent("off_cpu", profiler::SwitchAttributes(usual.frequency_hz, usual.stack_bytes));
  abilities.kernel_names = KernelNamesIn(SomeKernelSymbols());
  abilities.syscalls = profiler::SyscallCounters::Try();
  return abilities;
}

}  // namespace assay::agent
