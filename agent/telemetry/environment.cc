#include "agent/telemetry/environment.h"

#include <dirent.h>
#include <gnu/libc-version.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "agent/telemetry/build_id.h"
#include "agent/telemetry/cpu_time.h"
#include "agent/telemetry/environment_values.h"
#include "agent/telemetry/kernel_probes.h"
#include "common/file.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "common/version.h"

namespace assay::agent {
namespace {

struct File {
  const char* key;
  const char* path;
};

// Values that are the content of a file.
constexpr File kFiles[] = {
    {"clock.available", "/sys/devices/system/clocksource/clocksource0/available_clocksource"},
    {"clock.source", "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
    {"cpu.idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver"},
    {"cpu.isolated", "/sys/devices/system/cpu/isolated"},
    {"cpu.online", "/sys/devices/system/cpu/online"},
    {"kernel.boot_id", "/proc/sys/kernel/random/boot_id"},
    {"kernel.cmdline", "/proc/cmdline"},
    {"kernel.nmi_watchdog", "/proc/sys/kernel/nmi_watchdog"},
    {"kernel.numa_balancing", "/proc/sys/kernel/numa_balancing"},
    {"kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid"},
    {"kernel.release", "/proc/sys/kernel/osrelease"},
    {"kernel.version", "/proc/sys/kernel/version"},
    {"memory.aslr", "/proc/sys/kernel/randomize_va_space"},
    {"memory.overcommit", "/proc/sys/vm/overcommit_memory"},
    {"memory.swappiness", "/proc/sys/vm/swappiness"},
    {"net.busy_poll", "/proc/sys/net/core/busy_poll"},
    {"net.busy_read", "/proc/sys/net/core/busy_read"},
    {"net.default_qdisc", "/proc/sys/net/core/default_qdisc"},
    {"net.ip_local_port_range", "/proc/sys/net/ipv4/ip_local_port_range"},
    {"net.netdev_max_backlog", "/proc/sys/net/core/netdev_max_backlog"},
    {"net.rmem_max", "/proc/sys/net/core/rmem_max"},
    {"net.somaxconn", "/proc/sys/net/core/somaxconn"},
    {"net.tcp_abort_on_overflow", "/proc/sys/net/ipv4/tcp_abort_on_overflow"},
    {"net.tcp_autocorking", "/proc/sys/net/ipv4/tcp_autocorking"},
    {"net.tcp_congestion_control", "/proc/sys/net/ipv4/tcp_congestion_control"},
    {"net.tcp_fin_timeout", "/proc/sys/net/ipv4/tcp_fin_timeout"},
    {"net.tcp_max_syn_backlog", "/proc/sys/net/ipv4/tcp_max_syn_backlog"},
    {"net.tcp_moderate_rcvbuf", "/proc/sys/net/ipv4/tcp_moderate_rcvbuf"},
    {"net.tcp_notsent_lowat", "/proc/sys/net/ipv4/tcp_notsent_lowat"},
    {"net.tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem"},
    {"net.tcp_sack", "/proc/sys/net/ipv4/tcp_sack"},
    {"net.tcp_slow_start_after_idle", "/proc/sys/net/ipv4/tcp_slow_start_after_idle"},
    {"net.tcp_syncookies", "/proc/sys/net/ipv4/tcp_syncookies"},
    {"net.tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps"},
    {"net.tcp_tw_reuse", "/proc/sys/net/ipv4/tcp_tw_reuse"},
    {"net.tcp_wmem", "/proc/sys/net/ipv4/tcp_wmem"},
    {"net.wmem_max", "/proc/sys/net/core/wmem_max"},
};

using Value = absl::StatusOr<std::string>;

class Reader {
 public:
  explicit Reader(std::string root) : root_(std::move(root)) {}

  Value File(const std::string& path) const {
    ASSAY_ASSIGN_OR_RETURN(std::string text, ReadFile(root_ + path));
    absl::StripAsciiWhitespace(&text);
    return text.empty() ? "none" : text;
  }

  bool Exists(const std::string& path) const { return access((root_ + path).c_str(), F_OK) == 0; }

  // Names in a folder, sorted; empty if the folder does not exist.
  std::vector<std::string> Names(const std::string& path) const {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir((root_ + path).c_str()), closedir);
    if (folder == nullptr) return names;
    while (const dirent* entry = readdir(folder.get())) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Value Colon(const std::string& path, const char* key) const {
    ASSAY_ASSIGN_OR_RETURN(const std::string text, File(path));
    return ColonValue(text, key);
  }

  Value Selected(const std::string& path) const {
    ASSAY_ASSIGN_OR_RETURN(const std::string text, File(path));
    return SelectedOption(text);
  }

  Value LimitOf(const char* name) const {
    ASSAY_ASSIGN_OR_RETURN(const std::string text, File("/proc/self/limits"));
    return Limit(text, name);
  }

 private:
  const std::string root_;
};

constexpr char kCpus[] = "/sys/devices/system/cpu";

// Returns 12 for "cpu12".
std::optional<int> NumberAfter(const std::string& prefix, const std::string& name) {
  int number;
  if (!absl::StartsWith(name, prefix) || !absl::SimpleAtoi(name.substr(prefix.size()), &number)) {
    return std::nullopt;
  }
  return number;
}

// The values of one file in each CPU's folder.
Value EachCpu(const Reader& reader, const std::string& file) {
  std::map<int, std::string> values;
  absl::Status problem = absl::NotFoundError(absl::StrCat("no CPU has ", file));
  for (const std::string& name : reader.Names(kCpus)) {
    const std::optional<int> cpu = NumberAfter("cpu", name);
    if (!cpu.has_value()) continue;
    const Value value = reader.File(absl::StrCat(kCpus, "/", name, "/", file));
    if (value.ok()) {
      values[*cpu] = *value;
    } else {
      problem = value.status();
    }
  }
  if (values.empty()) return problem;
  return ByCpu(values);
}

Value MitigationsOf(const Reader& reader) {
  const std::string folder = absl::StrCat(kCpus, "/vulnerabilities");
  std::map<std::string, std::string> states;
  for (const std::string& name : reader.Names(folder)) {
    ASSAY_ASSIGN_OR_RETURN(states[name], reader.File(absl::StrCat(folder, "/", name)));
  }
  if (states.empty()) return absl::NotFoundError(absl::StrCat("nothing in ", folder));
  return Mitigations(states);
}

Value Smt(const Reader& reader) {
  ASSAY_ASSIGN_OR_RETURN(const std::string active, reader.File(absl::StrCat(kCpus, "/smt/active")));
  return active == "1" ? "on" : "off";
}

Value Turbo(const Reader& reader) {
  const Value none = reader.File(absl::StrCat(kCpus, "/intel_pstate/no_turbo"));
  if (none.ok()) return *none == "0" ? "on" : "off";
  const Value boost = reader.File(absl::StrCat(kCpus, "/cpufreq/boost"));
  if (boost.ok()) return *boost == "0" ? "off" : "on";
  return absl::NotFoundError("neither intel_pstate/no_turbo nor cpufreq/boost exists");
}

Value Numa(const Reader& reader) {
  constexpr char kNodes[] = "/sys/devices/system/node";
  std::vector<std::string> nodes;
  for (const std::string& name : reader.Names(kNodes)) {
    const std::optional<int> node = NumberAfter("node", name);
    if (!node.has_value()) continue;
    ASSAY_ASSIGN_OR_RETURN(const std::string cpus,
                           reader.File(absl::StrCat(kNodes, "/", name, "/cpulist")));
    nodes.push_back(absl::StrCat(*node, ": ", cpus));
  }
  if (nodes.empty()) return absl::NotFoundError(absl::StrCat("no node in ", kNodes));
  return absl::StrJoin(nodes, "; ");
}

// The quota at one level; nullopt if there is none.
std::optional<double> QuotaAt(const Reader& reader, bool unified, const std::string& folder) {
  Value text = reader.File(folder + "/cpu.max");
  if (!unified) {
    const Value quota = reader.File(folder + "/cpu.cfs_quota_us");
    const Value period = reader.File(folder + "/cpu.cfs_period_us");
    if (!quota.ok() || !period.ok()) return std::nullopt;
    text = absl::StrCat(*quota, " ", *period);
  }
  if (!text.ok()) return std::nullopt;
  return CpuQuota(*text).value_or(std::nullopt);
}

// The smallest quota of this process's group and its ancestors.
Value CgroupCpuQuota(const Reader& reader) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text, reader.File("/proc/self/cgroup"));
  ASSAY_ASSIGN_OR_RETURN(const CgroupPath group, CpuCgroup(text));
  std::string mount = "/sys/fs/cgroup";
  for (const char* folder : {"/unified", "/cpu", "/cpu,cpuacct"}) {
    if ((folder == std::string("/unified")) != group.unified) continue;
    if (reader.Exists(mount + folder)) {
      mount += folder;
      break;
    }
  }
  if (!reader.Exists(mount))
    return absl::NotFoundError(absl::StrCat("no control groups at ", mount));
  std::optional<double> tightest;
  std::string path = group.path == "/" ? "" : group.path;
  while (true) {
    const std::optional<double> quota = QuotaAt(reader, group.unified, mount + path);
    if (quota.has_value() && quota < tightest.value_or(*quota + 1)) tightest = quota;
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) break;
    path.resize(slash);
  }
  return tightest.has_value() ? absl::StrCat(*tightest, " CPUs") : "none";
}

Value Container(const Reader& reader) {
  const Value systemd = reader.File("/run/systemd/container");
  if (systemd.ok()) return systemd;
  if (reader.Exists("/.dockerenv")) return "docker";
  if (reader.Exists("/run/.containerenv")) return "podman";
  if (reader.Exists("/var/run/secrets/kubernetes.io")) return "kubernetes";
  return "none seen";
}

Value Product(const Reader& reader) {
  ASSAY_ASSIGN_OR_RETURN(const std::string vendor, reader.File("/sys/class/dmi/id/sys_vendor"));
  ASSAY_ASSIGN_OR_RETURN(const std::string name, reader.File("/sys/class/dmi/id/product_name"));
  return absl::StrCat(vendor, " ", name);
}

// Seconds since the machine started, by kind: "0: busy 12.34, idle 56.78, steal 0.00; 1: ...".
Value CpuSeconds(const Reader& reader) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text, reader.File("/proc/stat"));
  ASSAY_ASSIGN_OR_RETURN(const auto times, ParseCpuTimes(text));
  std::vector<std::string> cpus;
  for (const auto& [cpu, time] : times) {
    cpus.push_back(absl::StrFormat(
        "%d: busy %.2f, idle %.2f, steal %.2f", cpu,
        static_cast<double>(time.processes_ns + time.interrupts_ns) * 1e-9,
        static_cast<double>(time.idle_ns) * 1e-9, static_cast<double>(time.steal_ns) * 1e-9));
  }
  return absl::StrJoin(cpus, "; ");
}

std::string OneLine(const Value& value) {
  const std::string text =
      value.ok() ? *value : absl::StrCat("unreadable: ", value.status().message());
  return ToValidUtf8(absl::StrReplaceAll(text, {{"\n", " "}, {"\t", " "}}));
}

}  // namespace

std::map<std::string, std::string> ReadEnvironment(const std::string& root) {
  const Reader reader(root);
  std::map<std::string, Value> values;
  for (const File& file : kFiles) values[file.key] = reader.File(file.path);

  values["assay.build_id"] = ReadBuildId("/proc/self/exe");
  values["assay.version"] = kAssayVersion;
  values["cgroup.cpu_quota"] = CgroupCpuQuota(reader);
  values["cpu.frequency_driver"] = EachCpu(reader, "cpufreq/scaling_driver");
  values["cpu.governor"] = EachCpu(reader, "cpufreq/scaling_governor");
  values["cpu.max_frequency_khz"] = EachCpu(reader, "cpufreq/scaling_max_freq");
  values["cpu.microcode"] = reader.Colon("/proc/cpuinfo", "microcode");
  values["cpu.mitigations"] = MitigationsOf(reader);
  values["cpu.model"] = reader.Colon("/proc/cpuinfo", "model name");
  values["cpu.numa"] = Numa(reader);
  values["cpu.smt"] = Smt(reader);
  values["cpu.smt_siblings"] = EachCpu(reader, "topology/thread_siblings_list");
  values["cpu.time_s"] = CpuSeconds(reader);
  values["cpu.turbo"] = Turbo(reader);
  values["kernel.audit"] = AuditState();
  values["kernel.bpf"] = LoadedBpf();
  values["library.glibc"] = gnu_get_libc_version();
  values["limit.locked_memory"] = reader.LimitOf("Max locked memory");
  values["limit.open_files"] = reader.LimitOf("Max open files");
  values["limit.processes"] = reader.LimitOf("Max processes");
  values["limit.stack"] = reader.LimitOf("Max stack size");
  values["memory.available"] = reader.Colon("/proc/meminfo", "MemAvailable");
  values["memory.swap_free"] = reader.Colon("/proc/meminfo", "SwapFree");
  values["memory.swap_total"] = reader.Colon("/proc/meminfo", "SwapTotal");
  values["memory.thp"] = reader.Selected("/sys/kernel/mm/transparent_hugepage/enabled");
  values["memory.thp_defrag"] = reader.Selected("/sys/kernel/mm/transparent_hugepage/defrag");
  values["memory.total"] = reader.Colon("/proc/meminfo", "MemTotal");
  values["virtualization.container"] = Container(reader);
  values["virtualization.hypervisor"] = Hypervisor();
  values["virtualization.product"] = Product(reader);

  std::map<std::string, std::string> environment;
  for (const auto& [key, value] : values) environment[key] = OneLine(value);
  return environment;
}

}  // namespace assay::agent
