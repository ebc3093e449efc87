#ifndef ASSAY_AGENT_TELEMETRY_KERNEL_PROBES_H_
#define ASSAY_AGENT_TELEMETRY_KERNEL_PROBES_H_

#include <string>

#include "absl/status/statusor.h"

namespace assay::agent {

// What only system calls tell about this kernel. Errors say which privilege is missing.

// How many BPF programs are loaded, as "3 programs": each may run at every system call or packet. CAP_SYS_ADMIN.
absl::StatusOr<std::string> LoadedBpf();

// "off", "on" or "on, locked": auditing costs every system call something. CAP_AUDIT_CONTROL.
absl::StatusOr<std::string> AuditState();

// The hypervisor's signature as CPUID gives it ("KVMKVMKVM"), "none" on hardware. kUnimplemented where the CPU has no
// CPUID.
absl::StatusOr<std::string> Hypervisor();

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_KERNEL_PROBES_H_
