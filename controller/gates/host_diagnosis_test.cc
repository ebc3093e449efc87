#include "controller/gates/host_diagnosis.h"

#include <map>
#include <string>
#include <vector>

#include "controller/gates/gate_keeper.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

constexpr char kVersion[] = "1.0";

Ability Available(const std::string& name) {
  Ability ability;
  ability.set_name(name);
  ability.set_available(true);
  return ability;
}

Ability Missing(const std::string& name) {
  Ability ability;
  ability.set_name(name);
  ability.set_reason("the kernel refuses it");
  ability.set_remedy("allow it");
  return ability;
}

// A host on which nothing is wrong.
HostReadings SoundHost() {
  HostReadings readings;
  readings.agent.set_address("10.0.0.1:7700");
  readings.agent.set_clock_uncertainty_ns(20'000);
  AgentDescription& description = *readings.agent.mutable_description();
  description.set_version(kVersion);
  description.set_cpus("0-3");
  description.set_cpu_count(4);
  description.set_default_server_cpus("0-1");
  description.set_default_load_cpus("2-3");
  description.set_file_descriptor_limit(65'536);
  auto& environment = *description.mutable_environment();
  const std::map<std::string, std::string> values = {
      {"cgroup.cpu_quota", "none"},
      {"clock.source", "tsc"},
      {"cpu.governor", "performance"},
      {"cpu.smt_siblings", "0-1: 0-1; 2-3: 2-3"},
      {"cpu.time_s", "0: busy 10.00, idle 90.00, steal 0.00; 1: busy 5.00, idle 95.00, steal 0.00"},
      {"cpu.turbo", "off"},
      {"disk.data_free", "50000000 kB"},
      {"kernel.audit", "off"},
      {"kernel.bpf", "0 programs"},
      {"kernel.perf_event_paranoid", "-1"},
      {"memory.aslr", "2"},
      {"memory.available", "8000000 kB"},
      {"memory.swap_free", "1000 kB"},
      {"memory.swap_total", "1000 kB"},
      {"memory.thp", "madvise"},
      {"net.ip_local_port_range", "10240 60999"},
      {"net.somaxconn", "4096"},
      {"net.tcp_tw_reuse", "2"},
      {"virtualization.hypervisor", "none"},
  };
  environment.insert(values.begin(), values.end());
  *description.mutable_abilities()->add_perf_events() = Available("cycles");
  *description.mutable_abilities()->mutable_off_cpu() = Available("off_cpu");
  *description.mutable_abilities()->mutable_kernel_names() = Available("kernel_names");
  *description.mutable_abilities()->mutable_syscalls() = Available("syscalls");
  *description.mutable_abilities()->mutable_pid_namespace() = Available("pid_namespace");
  TargetDescription& target = *description.add_targets();
  target.set_name("epoll");
  target.set_installed(true);
  readings.later = description;
  (*readings.later.mutable_environment())["cpu.time_s"] =
      "0: busy 10.01, idle 90.99, steal 0.00; 1: busy 5.01, idle 95.99, steal 0.00";
  return readings;
}

std::vector<HostFinding> Diagnosed(const HostReadings& readings) {
  return DiagnoseHost(readings, *LoadGateRules(), kVersion);
}

HostFinding Found(const HostReadings& readings, const std::string& check) {
  for (const HostFinding& one : Diagnosed(readings)) {
    if (one.check == check) return one;
  }
  ADD_FAILURE() << "no check " << check;
  return {};
}

TEST(HostDiagnosisTest, ASoundHostIsOkInEveryCheckAndNeedsNoRemedy) {
  const std::vector<HostFinding> findings = Diagnosed(SoundHost());
  EXPECT_GE(findings.size(), 25);
  for (const HostFinding& one : findings) {
    EXPECT_EQ(one.health, Health::kOk) << one.check << ": " << one.figure;
    EXPECT_EQ(one.agent, "10.0.0.1:7700");
    EXPECT_NE(one.figure, "") << one.check;
    EXPECT_EQ(one.remedy, "") << one.check;
  }
}

struct SettingCase {
  const char* key;
  const char* value;
  const char* check;
  Health health;
};

TEST(HostDiagnosisTest, EachBadSettingIsReportedByItsCheckOnlyWithARemedy) {
  const std::vector<SettingCase> cases = {
      {"cgroup.cpu_quota", "1.5 CPUs", "cpu_quota", Health::kBad},
      {"cgroup.cpu_quota", "4 CPUs", "cpu_quota", Health::kWarn},
      {"clock.source", "hpet", "clock_source", Health::kWarn},
      {"cpu.governor", "0: performance; 1: powersave", "governor", Health::kWarn},
      {"cpu.smt_siblings", "0,2: 0,2; 1,3: 1,3", "smt_siblings", Health::kWarn},
      {"cpu.smt_siblings", "0-3", "smt_siblings", Health::kWarn},
      {"cpu.turbo", "on", "turbo", Health::kWarn},
      {"disk.data_free", "1000000 kB", "spool_disk", Health::kWarn},
      {"disk.data_free", "1000 kB", "spool_disk", Health::kBad},
      {"kernel.audit", "on, locked", "audit", Health::kWarn},
      {"kernel.bpf", "7 programs", "bpf", Health::kWarn},
      {"memory.aslr", "0", "aslr", Health::kWarn},
      {"memory.available", "600000 kB", "memory", Health::kWarn},
      {"memory.available", "100000 kB", "memory", Health::kBad},
      {"memory.swap_total", "9000000 kB", "swap", Health::kWarn},
      {"memory.thp", "always", "thp", Health::kWarn},
      {"net.ip_local_port_range", "32768 40000", "local_ports", Health::kWarn},
      {"net.somaxconn", "128", "somaxconn", Health::kWarn},
      {"net.tcp_tw_reuse", "0", "tcp_tw_reuse", Health::kWarn},
      {"virtualization.hypervisor", "KVMKVMKVM", "virtualization", Health::kWarn},
  };
  for (const SettingCase& one : cases) {
    HostReadings readings = SoundHost();
    (*readings.agent.mutable_description()->mutable_environment())[one.key] = one.value;
    for (const HostFinding& finding : Diagnosed(readings)) {
      const Health expected = finding.check == one.check ? one.health : Health::kOk;
      EXPECT_EQ(ToString(finding.health), ToString(expected))
          << finding.check << " where " << one.key << " is " << one.value;
      EXPECT_EQ(finding.remedy.empty(), expected == Health::kOk) << finding.check;
    }
  }
}

TEST(HostDiagnosisTest, WhatTheHostDoesNotReportIsUnknownNeverOk) {
  HostReadings readings = SoundHost();
  (*readings.agent.mutable_description()->mutable_environment())["cpu.governor"] =
      "unreadable: no CPU has cpufreq/scaling_governor";
  EXPECT_EQ(Found(readings, "governor").health, Health::kUnknown);
  EXPECT_THAT(Found(readings, "governor").figure, HasSubstr("scaling_governor"));
  readings.agent.mutable_description()->clear_environment();
  readings.agent.mutable_description()->clear_abilities();
  for (const char* check : {"cpu_quota", "foreign_cpu", "steal", "clock_source", "memory", "swap",
                            "spool_disk", "audit", "perf_events"}) {
    EXPECT_EQ(Found(readings, check).health, Health::kUnknown) << check;
    EXPECT_NE(Found(readings, check).figure, "") << check;
  }
}

TEST(HostDiagnosisTest, ReportsWhatOtherProgramsAndTheHypervisorUseNow) {
  HostReadings readings = SoundHost();
  std::string& later = (*readings.later.mutable_environment())["cpu.time_s"];
  later = "0: busy 10.10, idle 90.90, steal 0.00; 1: busy 5.00, idle 96.00, steal 0.00";
  EXPECT_EQ(Found(readings, "foreign_cpu").health, Health::kWarn);
  EXPECT_THAT(Found(readings, "foreign_cpu").figure, HasSubstr("10.0 %"));
  later = "0: busy 11.00, idle 90.00, steal 0.00; 1: busy 5.00, idle 96.00, steal 0.00";
  EXPECT_EQ(Found(readings, "foreign_cpu").health, Health::kBad);
  later = "0: busy 10.00, idle 90.95, steal 0.05; 1: busy 5.00, idle 96.00, steal 0.00";
  EXPECT_EQ(Found(readings, "steal").health, Health::kWarn);
  later = "0: busy 9.00, idle 91.00, steal 0.00; 1: busy 5.00, idle 95.00, steal 0.00";
  EXPECT_EQ(Found(readings, "foreign_cpu").health, Health::kUnknown) << "it runs backwards";
  later = "nonsense";
  EXPECT_EQ(Found(readings, "steal").health, Health::kUnknown);
}

TEST(HostDiagnosisTest, ReportsTooFewCpusDescriptorsAndAnUncertainClock) {
  HostReadings readings = SoundHost();
  AgentDescription& description = *readings.agent.mutable_description();
  description.set_cpu_count(1);
  EXPECT_EQ(Found(readings, "cpus").health, Health::kBad);
  readings.runs_both = false;
  EXPECT_EQ(Found(readings, "cpus").health, Health::kOk) << "the load is on another host";
  description.set_file_descriptor_limit(1'024);
  EXPECT_EQ(Found(readings, "open_files").health, Health::kWarn);
  description.set_file_descriptor_limit(100);
  EXPECT_EQ(Found(readings, "open_files").health, Health::kBad);
  readings.agent.set_clock_uncertainty_ns(2'000'000);
  EXPECT_EQ(Found(readings, "clock_uncertainty").health, Health::kWarn);
  readings.agent.set_clock_uncertainty_ns(20'000'000);
  EXPECT_EQ(Found(readings, "clock_uncertainty").health, Health::kBad);
  description.set_version("0.9");
  EXPECT_EQ(Found(readings, "version").health, Health::kBad);
  EXPECT_THAT(Found(readings, "version").remedy, HasSubstr("version 1.0"));
}

TEST(HostDiagnosisTest, ReportsWhatAProfileLacks) {
  HostReadings readings = SoundHost();
  Abilities& abilities = *readings.agent.mutable_description()->mutable_abilities();
  *abilities.mutable_perf_events(0) = Missing("cycles");
  EXPECT_EQ(Found(readings, "perf_events").health, Health::kBad);
  *abilities.add_perf_events() = Available("cpu-clock");
  EXPECT_EQ(Found(readings, "perf_events").health, Health::kWarn);
  EXPECT_EQ(Found(readings, "perf_events").figure, "cpu-clock (kernel.perf_event_paranoid -1)");
  EXPECT_THAT(Found(readings, "perf_events").remedy, HasSubstr("allow it"));
  *abilities.mutable_pid_namespace() = Missing("pid_namespace");
  EXPECT_EQ(Found(readings, "pid_namespace").health, Health::kWarn);
  EXPECT_EQ(Found(readings, "pid_namespace").remedy, "allow it");
}

TEST(HostDiagnosisTest, ReportsTargetsThatAreNotInstalledAndHowToInstallThem) {
  HostReadings readings = SoundHost();
  TargetDescription& target = *readings.agent.mutable_description()->add_targets();
  target.set_name("nginx");
  target.set_install("apt-get install nginx");
  EXPECT_EQ(Found(readings, "targets").health, Health::kWarn);
  EXPECT_EQ(Found(readings, "targets").figure, "1 of 2 installed");
  EXPECT_THAT(Found(readings, "targets").remedy, HasSubstr("nginx (apt-get install nginx)"));
}

TEST(HostDiagnosisTest, ReportsLoadHostsThatDiffer) {
  std::vector<HostReadings> loads = {SoundHost()};
  EXPECT_TRUE(DiagnoseTogether(loads).empty()) << "one host equals itself";
  loads.push_back(SoundHost());
  EXPECT_EQ(DiagnoseTogether(loads)[0].health, Health::kOk);
  (*loads[1].agent.mutable_description()->mutable_environment())["memory.thp"] = "never";
  EXPECT_EQ(DiagnoseTogether(loads)[0].health, Health::kWarn);
  EXPECT_EQ(DiagnoseTogether(loads)[0].figure, "1 property differs: memory.thp");
}

TEST(HostDiagnosisTest, ReportsTheDiskOfTheStore) {
  EXPECT_EQ(DiagnoseStore("/data", 10'000'000, "").health, Health::kOk);
  EXPECT_EQ(DiagnoseStore("/data", 1'000'000, "").health, Health::kWarn);
  EXPECT_EQ(DiagnoseStore("/data", 1'000, "").health, Health::kBad);
  EXPECT_EQ(DiagnoseStore("/data", -1, "no such file").health, Health::kUnknown);
}

}  // namespace
}  // namespace assay::controller
