#ifndef ASSAY_CONTROLLER_STORE_PROCESS_IDENTITY_H_
#define ASSAY_CONTROLLER_STORE_PROCESS_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::controller {

// Identifies one process among those of this host and of other hosts, and among earlier processes with the same pid.
struct ProcessIdentity {
  // The boot of this host and the process namespace of `pid`. A process can be looked up only from within both.
  std::string machine;
  int64_t pid = 0;
  // Start time in clock ticks since the boot. It distinguishes processes with the same pid.
  uint64_t start_ticks = 0;

  static ProcessIdentity OfThisProcess();
  // Parses the output of ToString(); nullopt for any other text.
  static std::optional<ProcessIdentity> Parse(std::string_view text);
  std::string ToString() const;

  // Whether the process is alive; nullopt for a process of another machine, whose state is not known here.
  std::optional<bool> Lives() const;

  bool operator==(const ProcessIdentity&) const = default;
};

// This host's name, for people.
std::string HostName();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_PROCESS_IDENTITY_H_
