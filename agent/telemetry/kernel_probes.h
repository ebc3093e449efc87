#ifndef ASSAY_AGENT_TELEMETRY_KERNEL_PROBES_H_
#define ASSAY_AGENT_TELEMETRY_KERNEL_PROBES_H_

#include <string>

#include "absl/status/statusor.h"

namespace assay::agent {

// Facts about this kernel that only system calls report. Errors name the missing privilege.

// The number of loaded BPF programs, as "3 programs". Each may run at every system call or packet. Needs CAP_SYS_ADMIN.
absl::StatusOr<std::string> LoadedBpf();

// "off", "on" or "on, locked". Auditing adds a cost to every system call. Needs CAP_AUDIT_CONTROL.
absl::StatusOr<std::string> AuditState();

// The hypervisor's signature from CPUID ("KVMKVMKVM"), or "none" on hardware. kUnimplemented if the CPU has no CPUID.
absl::StatusOr<std::string> Hypervisor();

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_KERNEL_PROBES_H_
