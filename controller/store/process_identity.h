#ifndef ASSAY_CONTROLLER_STORE_PROCESS_IDENTITY_H_
#define ASSAY_CONTROLLER_STORE_PROCESS_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::controller {

// Tells one process from every other, of this host, of others, and of those that had its number before.
struct ProcessIdentity {
  // This boot of this host, and the process namespace that `pid` counts in: only within the same one can a process be
  // looked for.
  std::string machine;
  int64_t pid = 0;
  // When it started, in clock ticks since the boot: a number that is given again comes with another start.
  uint64_t start_ticks = 0;

  static ProcessIdentity OfThisProcess();
  // What ToString() wrote; nullopt for anything else.
  static std::optional<ProcessIdentity> Parse(std::string_view text);
  std::string ToString() const;

  // Whether the process lives; nullopt when it is of another machine, so that nobody here can know.
  std::optional<bool> Lives() const;

  bool operator==(const ProcessIdentity&) const = default;
};

// This host's name, for people.
std::string HostName();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_PROCESS_IDENTITY_H_
