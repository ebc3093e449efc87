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

// Where one execution of a target is to run.
struct TargetSite {
  // A numeric address.
  std::string host = "127.0.0.1";
  // Free at the moment; not 0.
  uint16_t port = 0;
  // What the launcher pins it to. Not empty.
  CpuSet cpus;
  // Absolute, empty, this execution's alone.
  std::string directory;
};

// Everything that starting a target needs; no placeholder is left in it.
struct ResolvedTarget {
  // argv[0] is an absolute path of an executable file.
  std::vector<std::string> argv;
  // The whole environment, not an addition to the agent's.
  std::map<std::string, std::string> environment;
  struct File {
    // Absolute, below the site's directory. Folders on the way may have to be made.
    std::string path;
    std::string content;
  };
  std::vector<File> files;
  // Answers 200 when ready.
  std::string ready_path;
  absl::Duration ready_timeout;
  // A signal's number.
  int stop_signal = 0;
  // From the signal to the kill.
  absl::Duration stop_timeout;
};

// The servers that an agent may start: targets/catalogue.textproto or a user's own
// (docs/targets.md).
//
// Immutable once loaded: any thread may use it. Cost: Resolve() and installed checks look for
// files, nothing else does I/O. Nothing here starts a program: a launcher does.
class Catalogue {
 public:
  // Reads and checks a catalogue. kNotFound when there is no such file; kInvalidArgument has a line
  // per mistake, each "FILE:LINE:COLUMN: what is wrong": syntax, doubled names, unknown
  // placeholders, bad patterns, defaults that miss their own pattern, options that go nowhere,
  // requests that the contract does not know.
  static absl::StatusOr<Catalogue> Load(const std::string& path);
  // As Load(), of a text at hand. `folder` is what relative programs and {catalogue} are taken
  // from; absolute.
  static absl::StatusOr<Catalogue> Parse(std::string_view text, std::string_view file_name,
                                         std::string folder);

  // In the order of the file.
  const std::vector<CatalogueTarget>& targets() const { return targets_; }

  // kNotFound names the targets there are. The pointer lives as long as the catalogue.
  absl::StatusOr<const CatalogueTarget*> Find(std::string_view name) const;

  // The absolute path of a target's program. kFailedPrecondition when it is not installed: says
  // what was looked for, where, and what to do.
  absl::StatusOr<std::string> Program(const CatalogueTarget& target) const;
  bool Installed(const CatalogueTarget& target) const { return Program(target).ok(); }

  // What to launch for `target` at `site` with `options` (values by option name; defaults for the
  // others). kFailedPrecondition: not installed. kInvalidArgument: an option that it does not have
  // (names those it has), or a value that it does not take (says which it takes).
  absl::StatusOr<ResolvedTarget> Resolve(const CatalogueTarget& target, const TargetSite& site,
                                         const std::map<std::string, std::string>& options) const;

  // The command whose first nonempty line of output, standard output before standard error, is the
  // target's version. Empty when the entry has none or the program is not there. `environment` of
  // Environment() goes with it.
  std::vector<std::string> VersionArgv(const CatalogueTarget& target) const;

  // How long a target may take until it is ready, and to stop: as its entry says, or the defaults.
  static absl::Duration ReadyTimeout(const CatalogueTarget& target);
  static absl::Duration StopTimeout(const CatalogueTarget& target);

  // The minimal environment that every target is given: PATH, HOME and LANG.
  static std::map<std::string, std::string> Environment();

 private:
  Catalogue(std::vector<CatalogueTarget> targets, std::string folder)
      : targets_(std::move(targets)), folder_(std::move(folder)) {}

  std::vector<CatalogueTarget> targets_;
  std::string folder_;
};

// Why `target` does not serve a request of the endpoint contract; nullopt when it does, or says
// nothing about it. `path` may have a query.
std::optional<std::string> NotServedReason(const CatalogueTarget& target, std::string_view method,
                                           std::string_view path);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_CATALOGUE_CATALOGUE_H_
