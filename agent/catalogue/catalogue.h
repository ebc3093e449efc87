#ifndef ASSAY_AGENT_CATALOGUE_CATALOGUE_H_
#define ASSAY_AGENT_CATALOGUE_CATALOGUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/cpu_set.h"
#include "proto/catalogue.pb.h"

namespace assay::agent {

// Address, CPUs and folder for one execution of a target.
struct TargetSite {
  // A numeric address.
  std::string host = "127.0.0.1";
  // A free port; not 0.
  uint16_t port = 0;
  // The CPUs that the launcher pins the target to. Not empty.
  CpuSet cpus;
  // Absolute path of an empty folder that only this execution uses.
  std::string directory;
};

// Everything needed to start a target. All placeholders are replaced.
struct ResolvedTarget {
  // argv[0] is an absolute path of an executable file.
  std::vector<std::string> argv;
  // The whole environment, not an addition to the agent's.
  std::map<std::string, std::string> environment;
  struct File {
    // Absolute, below the site's directory. The caller creates missing folders.
    std::string path;
    std::string content;
  };
  std::vector<File> files;
  // Path whose response has status 200 once the target is ready.
  std::string ready_path;
  absl::Duration ready_timeout;
  // Signal number.
  int stop_signal = 0;
  // From the stop signal to SIGKILL.
  absl::Duration stop_timeout;
};

// The servers that an agent may start: targets/catalogue.textproto or a user's file (docs/targets.md).
//
// Immutable once loaded; any thread may use it. Cost: only Resolve(), Program(), Installed() and VersionArgv() do I/O:
// they look for files. This class starts no program; a launcher does.
class Catalogue {
 public:
  // Reads and checks a catalogue. kNotFound: the file does not exist. kInvalidArgument has one line per mistake,
  // "FILE:LINE:COLUMN: what is wrong": syntax errors, duplicate names, unknown placeholders, invalid patterns, defaults
  // that do not match their pattern, options without effect, requests that are not in the contract.
  static absl::StatusOr<Catalogue> Load(const std::string& path);
  // As Load(), for the given text. `folder` is the absolute folder of relative programs and of {catalogue}.
  static absl::StatusOr<Catalogue> Parse(std::string_view text, std::string_view file_name,
                                         std::string folder);

  // In the order of the file.
  const std::vector<CatalogueTarget>& targets() const { return targets_; }

  // kNotFound lists the existing targets. The pointer is valid as long as the catalogue.
  absl::StatusOr<const CatalogueTarget*> Find(std::string_view name) const;

  // The absolute path of a target's program. kFailedPrecondition if it is not installed; the message says what was
  // looked for, where, and what to do.
  absl::StatusOr<std::string> Program(const CatalogueTarget& target) const;
  bool Installed(const CatalogueTarget& target) const { return Program(target).ok(); }

  // Returns what to launch for `target` at `site` with `options` (values by option name; other options have their
  // defaults). kFailedPrecondition: not installed. kInvalidArgument: the target does not have an option (the message
  // lists its options), or does not accept a value (the message says which values are valid).
  absl::StatusOr<ResolvedTarget> Resolve(const CatalogueTarget& target, const TargetSite& site,
                                         const std::map<std::string, std::string>& options) const;

  // The command whose first nonempty line of output, standard output before standard error, is the target's version.
  // Empty if the entry has no version command or the program does not exist. Run it with Environment().
  std::vector<std::string> VersionArgv(const CatalogueTarget& target) const;

  // The target's timeouts for becoming ready and for stopping, from its entry or the defaults.
  static absl::Duration ReadyTimeout(const CatalogueTarget& target);
  static absl::Duration StopTimeout(const CatalogueTarget& target);

  // The minimal environment of every target: PATH, HOME and LANG.
  static std::map<std::string, std::string> Environment();

 private:
  Catalogue(std::vector<CatalogueTarget> targets, std::string folder)
      : targets_(std::move(targets)), folder_(std::move(folder)) {}

  std::vector<CatalogueTarget> targets_;
  std::string folder_;
};

// The reason why `target` does not serve a request of the endpoint contract; nullopt if the entry lists none. `path`
// may have a query.
std::optional<std::string> NotServedReason(const CatalogueTarget& target, std::string_view method,
                                           std::string_view path);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_CATALOGUE_CATALOGUE_H_
