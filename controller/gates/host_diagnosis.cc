#include "controller/gates/host_diagnosis.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/cpu_set.h"
#include "common/number_text.h"
#include "controller/gates/environment_gates.h"

namespace assay::controller {
namespace {

constexpr int64_t kKbInMb = 1024;
constexpr int64_t kKbInGb = 1024 * kKbInMb;
// Limits of quantities below which a campaign of default size may fail, or certainly does.
constexpr uint64_t kFewDescriptors = 4096;
constexpr uint64_t kTooFewDescriptors = 256;
constexpr int64_t kShortBacklog = 1024;
constexpr int64_t kFewPorts = 20'000;
constexpr int64_t kLittleDiskKb = 2 * kKbInGb;
constexpr int64_t kTooLittleDiskKb = 200 * kKbInMb;
constexpr int64_t kLittleMemoryKb = kKbInGb;
constexpr int64_t kTooLittleMemoryKb = 256 * kKbInMb;
constexpr int64_t kMuchSwapKb = 64 * kKbInMb;
// A start skew that is 0.25 % and 2.5 % of a window of 0.4 s.
constexpr int64_t kUncertainClockNs = 1'000'000;
constexpr int64_t kTooUncertainClockNs = 10'000'000;

class Doctor {
 public:
  Doctor(const HostReadings& readings, const GateRules& rules)
      : readings_(readings), rules_(rules), description_(readings.agent.description()) {}

  void Cpus();
  void Load();
  void Frequency();
  void Clock();
  void Kernel();
  void Network();
  void Memory();
  void Profiles();
  void Targets();
  void Version(const std::string& controller_version);

  std::vector<HostFinding> Take() { return std::move(findings_); }

 private:
  void Add(const char* check, Health health, std::string figure, std::string remedy = "") {
    if (health == Health::kOk) remedy.clear();
    findings_.push_back(
        {readings_.agent.address(), check, health, std::move(figure), std::move(remedy)});
  }
  // A check of one key of the environment. `judge` returns the health of a readable value.
  template <typename Judge>
  void Environment(const char* check, const char* key, const Judge& judge,
                   const std::string& remedy) {
    const std::optional<std::string> value = EnvironmentValue(description_, key);
    if (value.has_value()) {
      Add(check, judge(*value), *value, remedy);
    } else {
      Unknown(check, key);
    }
  }
  void Unknown(const char* check, const char* key) {
    const auto found = description_.environment().find(key);
    Add(check, Health::kUnknown,
        found == description_.environment().end() ? "the agent does not report it" : found->second,
        "");
  }
  std::optional<int64_t> Kilobytes(const char* key) const;
  void AbilityLine(const Ability& ability, Health missing);
  void BusyShares(const char* check, const char* gate, double share, const char* what,
                  const char* remedy);

  const HostReadings& readings_;
  const GateRules& rules_;
  const AgentDescription& description_;
  std::vector<HostFinding> findings_;
};

// "123 kB", as /proc/meminfo writes sizes.
std::optional<int64_t> ParseKilobytes(const std::string& text) {
  absl::string_view rest = text;
  int64_t value;
  if (!absl::ConsumeSuffix(&rest, " kB") || !absl::SimpleAtoi(rest, &value)) return std::nullopt;
  return value;
}

std::string Gigabytes(int64_t kb) {
  return absl::StrFormat("%.1f GiB", static_cast<double>(kb) / kKbInGb);
}

Health AtLeast(int64_t value, int64_t warn, int64_t bad) {
  if (value < bad) return Health::kBad;
  return value < warn ? Health::kWarn : Health::kOk;
}

// Seconds since the start of the machine of one CPU, from "cpu.time_s".
struct CpuSeconds {
  double busy = 0;
  double idle = 0;
  double steal = 0;
};

std::vector<CpuSeconds> SecondsOf(const AgentDescription& description) {
  const std::optional<std::string> text = EnvironmentValue(description, "cpu.time_s");
  if (!text.has_value()) return {};
  std::vector<CpuSeconds> all;
  for (const absl::string_view cpu : absl::StrSplit(*text, "; ")) {
    const std::vector<absl::string_view> fields =
        absl::StrSplit(cpu, absl::ByAnyChar(":, "), absl::SkipEmpty());
    double busy;
    double idle;
    double steal;
    if (fields.size() != 7 || !absl::SimpleAtod(fields[2], &busy) ||
        !absl::SimpleAtod(fields[4], &idle) || !absl::SimpleAtod(fields[6], &steal)) {
      return {};
    }
    all.push_back({busy, idle, steal});
  }
  return all;
}

// The groups of CPUs that share a core: "0-1" if all CPUs have the same list, else "0: 0,2; 1: 1,3".
std::vector<CpuSet> SiblingGroups(const std::string& text) {
  std::vector<CpuSet> groups;
  for (const absl::string_view entry : absl::StrSplit(text, "; ")) {
    const std::vector<absl::string_view> sides = absl::StrSplit(entry, ": ");
    const absl::StatusOr<CpuSet> group = CpuSet::Parse(std::string(sides.back()));
    if (group.ok()) groups.push_back(*group);
  }
  return groups;
}

std::optional<int64_t> Doctor::Kilobytes(const char* key) const {
  const std::optional<std::string> value = EnvironmentValue(description_, key);
  return value.has_value() ? ParseKilobytes(*value) : std::nullopt;
}

void Doctor::Cpus() {
  const uint32_t count = description_.cpu_count();
  Add("cpus", count >= 2 || !readings_.runs_both ? Health::kOk : Health::kBad,
      absl::StrCat(count, " (", description_.cpus(), ")"),
      "server and load share one CPU: run the agent where it may use at least two, or use another "
      "host for the load");
  Environment(
      "cpu_quota", "cgroup.cpu_quota",
      [](const std::string& quota) {
        double cpus;
        if (quota == "none") return Health::kOk;
        const absl::string_view number = absl::StripSuffix(quota, " CPUs");
        return absl::SimpleAtod(number, &cpus) && cpus < 2 ? Health::kBad : Health::kWarn;
      },
      "the control group stops the agent's programs when its quota is used up: run the agent "
      "without a CPU quota");
  const absl::StatusOr<CpuSet> server = CpuSet::Parse(description_.default_server_cpus());
  const absl::StatusOr<CpuSet> load = CpuSet::Parse(description_.default_load_cpus());
  if (!readings_.runs_both || !server.ok() || !load.ok()) return;
  Environment(
      "smt_siblings", "cpu.smt_siblings",
      [&](const std::string& text) {
        const std::vector<CpuSet> groups = SiblingGroups(text);
        const bool shared = std::any_of(groups.begin(), groups.end(), [&](const CpuSet& group) {
          return group.Intersects(*server) && group.Intersects(*load);
        });
        return shared ? Health::kWarn : Health::kOk;
      },
      absl::StrCat("servers (CPUs ", description_.default_server_cpus(), ") and load (",
                   description_.default_load_cpus(),
                   ") share a core, and each slows the other down: give them CPUs of different "
                   "cores in `placement`, or turn SMT off"));
}

void Doctor::BusyShares(const char* check, const char* gate, double share, const char* what,
                        const char* remedy) {
  const GateVerdict verdict =
      JudgeFigure(*rules_.Find(gate), share, ComparisonVerdict::kWanted).verdict;
  const Health health = verdict == GateVerdict::kPass   ? Health::kOk
                        : verdict == GateVerdict::kWarn ? Health::kWarn
                                                        : Health::kBad;
  Add(check, health, absl::StrFormat("%.1f %% of the busiest CPU %s", 100 * share, what), remedy);
}

void Doctor::Load() {
  const std::vector<CpuSeconds> before = SecondsOf(description_);
  const std::vector<CpuSeconds> after = SecondsOf(readings_.later);
  // The worst CPU: the gates judge the few that a measurement is pinned to.
  double busiest = 0;
  double stolen = 0;
  bool known = !before.empty() && before.size() == after.size();
  for (size_t i = 0; known && i < before.size(); ++i) {
    const double busy = after[i].busy - before[i].busy;
    const double steal = after[i].steal - before[i].steal;
    const double idle = after[i].idle - before[i].idle;
    const double all = busy + steal + idle;
    known = all > 0 && busy >= 0 && steal >= 0 && idle >= 0;
    if (!known) break;
    busiest = std::max(busiest, busy / all);
    stolen = std::max(stolen, steal / all);
  }
  if (known) {
    BusyShares("foreign_cpu", "foreign_cpu", busiest, "used by programs within a second",
               "nothing is measured now, so these programs would run during a measurement too: "
               "stop them");
    BusyShares("steal", "steal", stolen, "taken by the hypervisor within a second",
               "other virtual machines use this host's cores: use a host that does not share them");
  } else {
    for (const char* const check : {"foreign_cpu", "steal"}) {
      Add(check, Health::kUnknown, "the CPUs' times could not be compared");
    }
  }
  Environment(
      "virtualization", "virtualization.hypervisor",
      [](const std::string& name) { return name == "none" ? Health::kOk : Health::kWarn; },
      "a hypervisor can take the CPU unseen: compare CPU time per request, and do not rely on tail "
      "latencies");
}

void Doctor::Frequency() {
  Environment(
      "governor", "cpu.governor",
      [](const std::string& value) {
        return IsPerformanceGovernor(value) ? Health::kOk : Health::kWarn;
      },
      "the CPU frequency follows the load: cpupower frequency-set -g performance");
  Environment(
      "turbo", "cpu.turbo",
      [](const std::string& value) { return value == "off" ? Health::kOk : Health::kWarn; },
      "the frequency depends on temperature and on other cores: turn turbo off if results of "
      "different days are compared");
}

void Doctor::Clock() {
  Environment(
      "clock_source", "clock.source",
      [](const std::string& value) {
        return IsSlowClockSource(value) ? Health::kWarn : Health::kOk;
      },
      "each reading of the clock takes a system call or a microsecond: write tsc to "
      "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  const int64_t uncertainty_ns = readings_.agent.clock_uncertainty_ns();
  Add("clock_uncertainty", AtLeast(-uncertainty_ns, -kUncertainClockNs, -kTooUncertainClockNs),
      absl::StrFormat("%.1f us", static_cast<double>(uncertainty_ns) * 1e-3),
      "several load agents cannot start closer together than this: put the controller nearer to "
      "the agents, or measure longer");
}

void Doctor::Kernel() {
  Environment(
      "thp", "memory.thp",
      [](const std::string& value) { return value == "always" ? Health::kWarn : Health::kOk; },
      "huge pages come and go in the background: write madvise to "
      "/sys/kernel/mm/transparent_hugepage/enabled");
  Environment(
      "aslr", "memory.aslr",
      [](const std::string& value) { return value == "0" ? Health::kWarn : Health::kOk; },
      "every start has the same memory layout, so no number of blocks averages its effect out: "
      "write 2 to /proc/sys/kernel/randomize_va_space");
  Environment(
      "audit", "kernel.audit",
      [](const std::string& value) { return value == "off" ? Health::kOk : Health::kWarn; },
      "the kernel inspects each system call: auditctl -e 0, or auditctl -a never,task");
  Environment(
      "bpf", "kernel.bpf",
      [](const std::string& value) { return value == "0 programs" ? Health::kOk : Health::kWarn; },
      "loaded BPF programs may run on each packet or system call: stop the monitoring that loaded "
      "them (bpftool prog)");
}

void Doctor::Network() {
  const uint64_t files = description_.file_descriptor_limit();
  Add("open_files",
      files < kTooFewDescriptors ? Health::kBad
      : files < kFewDescriptors  ? Health::kWarn
                                 : Health::kOk,
      absl::StrCat(files), "it bounds the number of connections: raise it with ulimit -n");
  Environment(
      "somaxconn", "net.somaxconn",
      [](const std::string& value) {
        int64_t most;
        return absl::SimpleAtoi(value, &most) && most >= kShortBacklog ? Health::kOk
                                                                       : Health::kWarn;
      },
      "connections that are opened together overflow the listen queue: sysctl "
      "net.core.somaxconn=4096");
  Environment(
      "local_ports", "net.ip_local_port_range",
      [](const std::string& value) {
        const std::vector<std::string> ends = absl::StrSplit(value, ' ', absl::SkipEmpty());
        int64_t first;
        int64_t last;
        return ends.size() == 2 && absl::SimpleAtoi(ends[0], &first) &&
                       absl::SimpleAtoi(ends[1], &last) && last - first >= kFewPorts
                   ? Health::kOk
                   : Health::kWarn;
      },
      "each connection needs a source port, also for a minute after it closed: sysctl "
      "net.ipv4.ip_local_port_range=\"10240 60999\"");
  Environment(
      "tcp_tw_reuse", "net.tcp_tw_reuse",
      [](const std::string& value) { return value == "0" ? Health::kWarn : Health::kOk; },
      "ports of closed connections cannot be used again for a minute: sysctl "
      "net.ipv4.tcp_tw_reuse=1");
}

void Doctor::Memory() {
  const std::optional<int64_t> available = Kilobytes("memory.available");
  if (available.has_value()) {
    Add("memory", AtLeast(*available, kLittleMemoryKb, kTooLittleMemoryKb),
        absl::StrCat(Gigabytes(*available), " available"),
        "servers may be killed or swapped out: stop other programs, or use a larger host");
  } else {
    Unknown("memory", "memory.available");
  }
  const std::optional<int64_t> total = Kilobytes("memory.swap_total");
  const std::optional<int64_t> free = Kilobytes("memory.swap_free");
  if (total.has_value() && free.has_value()) {
    Add("swap", *total - *free > kMuchSwapKb ? Health::kWarn : Health::kOk,
        absl::StrCat(Gigabytes(*total - *free), " used of ", Gigabytes(*total)),
        "memory that was swapped out makes requests wait for the disk: swapoff -a");
  } else {
    Unknown("swap", "memory.swap_free");
  }
  const std::optional<int64_t> disk = Kilobytes("disk.data_free");
  if (disk.has_value()) {
    Add("spool_disk", AtLeast(*disk, kLittleDiskKb, kTooLittleDiskKb),
        absl::StrCat(Gigabytes(*disk), " free"),
        "samples are lost when it is full: free space, or give the agent another --spool");
  } else {
    Unknown("spool_disk", "disk.data_free");
  }
}

void Doctor::AbilityLine(const Ability& ability, Health missing) {
  if (ability.name().empty()) return;  // An older agent does not report it.
  Add(ability.name().c_str(), ability.available() ? Health::kOk : missing,
      ability.available() ? "yes" : absl::StrCat("no: ", ability.reason()), ability.remedy());
}

void Doctor::Profiles() {
  const Abilities& abilities = description_.abilities();
  const auto& events = abilities.perf_events();
  const auto usable = std::find_if(events.begin(), events.end(),
                                   [](const Ability& event) { return event.available(); });
  const std::optional<std::string> paranoid =
      EnvironmentValue(description_, "kernel.perf_event_paranoid");
  const std::string setting =
      absl::StrCat(" (kernel.perf_event_paranoid ", paranoid.value_or("not known"), ")");
  if (events.empty()) {
    Add("perf_events", Health::kUnknown, "the agent does not report it");
  } else if (usable == events.end()) {
    Add("perf_events", Health::kBad, absl::StrCat("none", setting, ": ", events[0].reason()),
        absl::StrCat("no profile can be taken: ", events[0].remedy()));
  } else {
    Add("perf_events", usable == events.begin() ? Health::kOk : Health::kWarn,
        absl::StrCat(usable->name(), setting),
        absl::StrCat(events[0].name(), " would be better: ", events[0].reason(), "; ",
                     events[0].remedy()));
  }
  AbilityLine(abilities.off_cpu(), Health::kWarn);
  AbilityLine(abilities.kernel_names(), Health::kWarn);
  AbilityLine(abilities.syscalls(), Health::kWarn);
  AbilityLine(abilities.pid_namespace(), Health::kWarn);
}

void Doctor::Targets() {
  int installed = 0;
  for (const TargetDescription& target : description_.targets()) installed += target.installed();
  std::vector<std::string> missing;
  for (const TargetDescription& target : description_.targets()) {
    if (target.installed()) continue;
    missing.push_back(absl::StrCat(target.name(), " (", target.install(), ")"));
  }
  Add("targets", missing.empty() ? Health::kOk : Health::kWarn,
      absl::StrCat(installed, " of ", description_.targets_size(), " installed"),
      absl::StrCat("plans skip those that are not installed; to install: ",
                   absl::StrJoin(missing, ", ")));
}

void Doctor::Version(const std::string& controller_version) {
  Add("version", description_.version() == controller_version ? Health::kOk : Health::kBad,
      description_.version(),
      absl::StrCat("the controller is version ", controller_version,
                   ": use an agent of the same version"));
}

}  // namespace

std::string ToString(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarn:
      return "warn";
    case Health::kBad:
      return "bad";
    case Health::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::vector<HostFinding> DiagnoseHost(const HostReadings& readings, const GateRules& rules,
                                      const std::string& controller_version) {
  Doctor doctor(readings, rules);
  doctor.Version(controller_version);
  doctor.Cpus();
  doctor.Load();
  doctor.Frequency();
  doctor.Clock();
  doctor.Kernel();
  doctor.Network();
  doctor.Memory();
  doctor.Profiles();
  doctor.Targets();
  return doctor.Take();
}

std::vector<HostFinding> DiagnoseTogether(absl::Span<const HostReadings> loads) {
  if (loads.size() < 2) return {};
  std::set<std::string> differing;
  for (const HostReadings& load : loads) {
    const std::vector<std::string> keys =
        EnvironmentDifferences(loads[0].agent.description(), load.agent.description());
    differing.insert(keys.begin(), keys.end());
  }
  HostFinding finding{
      .agent = "load agents",
      .check = "equal_hosts",
      .health = differing.empty() ? Health::kOk : Health::kWarn,
      .figure = CountText(differing.size(), "property differs", "properties differ")};
  if (!differing.empty()) {
    finding.figure = absl::StrCat(finding.figure, ": ", absl::StrJoin(differing, ", "));
    finding.remedy = "the slowest host delays its share of the requests: use equal hosts";
  }
  return {finding};
}

HostFinding DiagnoseStore(const std::string& path, int64_t free_kb, const std::string& problem) {
  HostFinding finding{.agent = "controller", .check = "store_disk"};
  if (free_kb < 0) {
    finding.figure = absl::StrCat("unreadable: ", path, ": ", problem);
    return finding;
  }
  finding.health = AtLeast(free_kb, kLittleDiskKb, kTooLittleDiskKb);
  finding.figure = absl::StrCat(Gigabytes(free_kb), " free at ", path);
  if (finding.health != Health::kOk) {
    finding.remedy = "a campaign fails when the disk is full: free space, or use another --store";
  }
  return finding;
}

}  // namespace assay::controller
