#include "agent/service/self_description.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "agent/launcher/launched_process.h"
#include "agent/profiler/profile_abilities.h"
#include "agent/telemetry/environment.h"
#include "agent/telemetry/perf_abilities.h"
#include "common/version.h"

namespace assay::agent {
namespace {

std::string DrawInstanceId() {
  std::random_device random;
  const uint64_t high = random();
  return absl::StrFormat("%016x", high << 32 | random());
}

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

// In the unit of /proc/meminfo, as other sizes of the environment.
std::string FreeSpace(const std::string& folder) {
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) != 0) {
    return absl::StrCat("unreadable: ", folder, ": ", std::strerror(errno));
  }
  return absl::StrCat(uint64_t{space.f_bavail} * space.f_frsize / 1024, " kB");
}

Ability ToProto(const PerfAbility& ability) {
  Ability proto;
  proto.set_name(ability.name);
  proto.set_available(ability.available);
  proto.set_reason(ability.reason);
  proto.set_remedy(ability.remedy);
  return proto;
}

}  // namespace

SelfDescription::SelfDescription(const Catalogue& catalogue, TargetVersions& versions, CpuSet cpus,
                                 CpuPlacement placement, std::string data_folder)
    : catalogue_(catalogue),
      versions_(versions),
      cpus_(cpus),
      placement_(placement),
      data_folder_(std::move(data_folder)),
      instance_id_(DrawInstanceId()) {}

AgentDescription SelfDescription::Describe() {
  AgentDescription description;
  description.set_host(HostName());
  description.set_version(kAssayVersion);
  for (auto& [key, value] : ReadEnvironment()) (*description.mutable_environment())[key] = value;
  (*description.mutable_environment())["disk.data_free"] = FreeSpace(data_folder_);
  description.set_cpus(cpus_.ToString());
  description.set_cpu_count(static_cast<uint32_t>(cpus_.Count()));
  DescribeTargets(description);
  DescribeAbilities(description);
  description.set_instance_id(instance_id_);
  description.set_default_server_cpus(placement_.server.ToString());
  description.set_default_load_cpus(placement_.load.ToString());
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) description.set_file_descriptor_limit(files.rlim_cur);
  return description;
}

void SelfDescription::DescribeTargets(AgentDescription& description) {
  for (const CatalogueTarget& target : catalogue_.targets()) {
    TargetDescription& one = *description.add_targets();
    one.set_name(target.name());
    one.set_description(target.description());
    const absl::StatusOr<std::string> program = catalogue_.Program(target);
    one.set_installed(program.ok());
    if (program.ok()) {
      one.set_version(versions_.Of(catalogue_, target));
    } else {
      one.set_install(target.install().empty() ? std::string(program.status().message())
                                               : target.install());
    }
    one.set_static_responses(target.static_responses());
    one.set_contract(target.contract());
    one.set_alone(target.alone());
    one.set_ready_timeout_ms(
        static_cast<uint32_t>(absl::ToInt64Milliseconds(Catalogue::ReadyTimeout(target))));
    one.set_stop_timeout_ms(
        static_cast<uint32_t>(absl::ToInt64Milliseconds(Catalogue::StopTimeout(target))));
    for (const CatalogueTarget::NotServed& not_served : target.not_served()) {
      (*one.mutable_not_served())[not_served.request()] = not_served.reason();
    }
    for (const CatalogueTarget::Option& option : target.options()) one.add_options(option.name());
  }
}

void SelfDescription::DescribeAbilities(AgentDescription& description) {
  Abilities& abilities = *description.mutable_abilities();
  if (!pid_namespace_.has_value()) pid_namespace_ = TryPidNamespace();
  *abilities.mutable_pid_namespace() = *pid_namespace_;
  const ProfileAbilities profile = TryProfileAbilities();
  for (const PerfAbility& event : profile.events) *abilities.add_perf_events() = ToProto(event);
  *abilities.mutable_off_cpu() = ToProto(profile.off_cpu);
  *abilities.mutable_kernel_names() = ToProto(profile.kernel_names);
  *abilities.mutable_syscalls() = ToProto(profile.syscalls);
  Ability& pinning = *abilities.mutable_pinning();
  pinning.set_name("pinning");
  pinning.set_available(cpus_.Count() > 1);
  if (!pinning.available()) {
    pinning.set_reason("this agent may use only one CPU, so server and load generator share it");
    pinning.set_remedy("run the agent where it may use at least two CPUs");
  }
}

Ability SelfDescription::TryPidNamespace() {
  Ability ability;
  ability.set_name("pid_namespace");
  LaunchOptions options;
  options.argv = {"true"};
  const absl::StatusOr<std::unique_ptr<LaunchedProcess>> process =
      LaunchedProcess::Start(std::move(options));
  if (!process.ok()) {
    ability.set_reason(std::string(process.status().message()));
    return ability;
  }
  ability.set_reason((*process)->no_pid_namespace_reason());
  ability.set_available(ability.reason().empty());
  if (!ability.available()) {
    ability.set_remedy(
        "run the agent as root, or allow user namespaces; without a PID namespace, daemons of a "
        "server may outlive its run");
  }
  return ability;
}

}  // namespace assay::agent
