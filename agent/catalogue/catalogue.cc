#include "agent/catalogue/catalogue.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/catalogue/catalogue_rules.h"
#include "agent/catalogue/placeholders.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "proto/text/text_proto.h"

namespace assay::agent {
namespace {

constexpr double kDefaultReadySeconds = 10;
constexpr double kDefaultStopSeconds = 5;
constexpr size_t kMaxCatalogueBytes = 1 << 20;

bool IsProgram(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

// PATH, followed by the folders in which Debian installs servers and which users' PATHs do not contain.
std::string SearchPath() {
  const char* const path = std::getenv("PATH");
  std::string search = path == nullptr || *path == '\0' ? "/usr/local/bin:/usr/bin:/bin" : path;
  for (const char* folder : {"/usr/local/sbin", "/usr/sbin", "/sbin"}) {
    if (!absl::StrContains(absl::StrCat(":", search, ":"), absl::StrCat(":", folder, ":"))) {
      absl::StrAppend(&search, ":", folder);
    }
  }
  return search;
}

std::string FolderOf(const std::string& path) {
  // Do not resolve symbolic links: in Bazel's runfiles the file is a link into the source tree, which has no built
  // files.
  const size_t slash = path.rfind('/');
  if (slash == 0) return "/";
  return path.substr(0, slash);
}

std::string HostPort(const std::string& host, uint16_t port) {
  return absl::StrContains(host, ":") ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

// Catalogues of 2026-11 and earlier name a field differently. Lines keep their numbers.
std::string WithCurrentNames(std::string_view text) {
  constexpr std::string_view kOld = "static_answers";
  constexpr std::string_view kNew = "static_responses";
  std::string renamed;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    end = end == std::string_view::npos ? text.size() : end + 1;
    std::string_view line = text.substr(at, end - at);
    at = end;
    const size_t begin = line.find_first_not_of(" \t");
    if (begin != std::string_view::npos && line.substr(begin).starts_with(kOld)) {
      const size_t behind = line.find_first_not_of(" \t", begin + kOld.size());
      if (behind != std::string_view::npos && line[behind] == ':') {
        renamed += line.substr(0, begin);
        renamed += kNew;
        line.remove_prefix(begin + kOld.size());
      }
    }
    renamed += line;
  }
  return renamed;
}

const CatalogueTarget::Option* FindOption(const CatalogueTarget& target, const std::string& name) {
  for (const auto& option : target.options()) {
    if (option.name() == name) return &option;
  }
  return nullptr;
}

absl::Status CheckOptions(const CatalogueTarget& target,
                          const std::map<std::string, std::string>& options) {
  for (const auto& [name, value] : options) {
    const CatalogueTarget::Option* const option = FindOption(target, name);
    if (option == nullptr) {
      std::vector<std::string> there;
      for (const auto& known : target.options()) there.push_back(known.name());
      return absl::InvalidArgumentError(absl::StrCat(
          "target \"", target.name(), "\" has no option \"", name, "\"; ",
          there.empty() ? "it has none" : absl::StrCat("it has ", absl::StrJoin(there, ", "))));
    }
    const absl::Status status = CheckOptionValue(*option, value);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("target \"", target.name(), "\": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Catalogue> Catalogue::Load(const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxCatalogueBytes));
  return Parse(text, path, FolderOf(UserPath(path)));
}

absl::StatusOr<Catalogue> Catalogue::Parse(std::string_view text, std::string_view file_name,
                                           std::string folder) {
  CatalogueFile file;
  TextLocations locations;
  ASSAY_RETURN_IF_ERROR(ParseTextProto(WithCurrentNames(text), file_name, &file, &locations));
  ASSAY_RETURN_IF_ERROR(CheckCatalogue(file, locations));
  return Catalogue({file.targets().begin(), file.targets().end()}, std::move(folder));
}

absl::StatusOr<const CatalogueTarget*> Catalogue::Find(std::string_view name) const {
  std::vector<std::string> there;
  for (const CatalogueTarget& target : targets_) {
    if (target.name() == name) return &target;
    there.push_back(target.name());
  }
  return absl::NotFoundError(absl::StrCat(
      "the catalogue has no target \"", std::string(name), "\"; ",
      there.empty() ? "it is empty" : absl::StrCat("it has ", absl::StrJoin(there, ", "))));
}

absl::StatusOr<std::string> Catalogue::Program(const CatalogueTarget& target) const {
  const std::string program = ReplacePlaceholders(target.argv(0), {{"catalogue", folder_}});
  std::string where;
  if (absl::StrContains(program, "/")) {
    const std::string path = program[0] == '/' ? program : absl::StrCat(folder_, "/", program);
    if (IsProgram(path)) return path;
    where = absl::StrCat("the program ", path, " does not exist");
  } else {
    const std::string search = SearchPath();
    for (const absl::string_view folder : absl::StrSplit(search, ':', absl::SkipEmpty())) {
      const std::string path = absl::StrCat(folder, "/", program);
      if (IsProgram(path)) return path;
    }
    where = absl::StrCat("the program ", program, " is not in ", search);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("target \"", target.name(), "\" is not installed: ", where,
                   target.install().empty() ? "" : "; to install it: ", target.install()));
}

absl::StatusOr<ResolvedTarget> Catalogue::Resolve(
    const CatalogueTarget& target, const TargetSite& site,
    const std::map<std::string, std::string>& options) const {
  ASSAY_RETURN_IF_ERROR(CheckOptions(target, options));
  ASSAY_ASSIGN_OR_RETURN(std::string program, Program(target));

  std::map<std::string, std::string> values = {
      {"host", site.host},
      {"port", absl::StrCat(site.port)},
      {"address", HostPort(site.host, site.port)},
      {"cpus", site.cpus.ToString()},
      {"cpu_count", absl::StrCat(site.cpus.Count())},
      {"dir", site.directory},
      {"catalogue", folder_},
  };
  for (const auto& option : target.options()) {
    const auto set = options.find(option.name());
    values["option." + option.name()] = set == options.end() ? option.default_value() : set->second;
  }

  ResolvedTarget resolved;
  resolved.argv.push_back(std::move(program));
  for (int i = 1; i < target.argv_size(); ++i) {
    resolved.argv.push_back(ReplacePlaceholders(target.argv(i), values));
  }
  for (const auto& option : target.options()) {
    if (options.count(option.name()) == 0) continue;
    for (const std::string& argument : option.argv()) {
      resolved.argv.push_back(ReplacePlaceholders(argument, values));
    }
  }
  resolved.environment = Environment();
  for (const auto& [name, value] : target.environment()) {
    resolved.environment[name] = ReplacePlaceholders(value, values);
  }
  for (const auto& file : target.files()) {
    resolved.files.push_back({absl::StrCat(site.directory, "/", file.path()),
                              ReplacePlaceholders(file.content(), values)});
  }
  resolved.ready_path = target.ready_path().empty() ? "/healthz" : target.ready_path();
  resolved.ready_timeout = ReadyTimeout(target);
  resolved.stop_signal = *StopSignal(target.stop_signal());
  resolved.stop_timeout = StopTimeout(target);
  return resolved;
}

absl::Duration Catalogue::ReadyTimeout(const CatalogueTarget& target) {
  return absl::Seconds(target.ready_timeout_s() > 0 ? target.ready_timeout_s()
                                                    : kDefaultReadySeconds);
}

absl::Duration Catalogue::StopTimeout(const CatalogueTarget& target) {
  return absl::Seconds(target.stop_timeout_s() > 0 ? target.stop_timeout_s() : kDefaultStopSeconds);
}

std::vector<std::string> Catalogue::VersionArgv(const CatalogueTarget& target) const {
  std::vector<std::string> argv;
  if (target.version_argv_size() == 0 || !Installed(target)) return argv;
  for (const std::string& argument : target.version_argv()) {
    argv.push_back(ReplacePlaceholders(argument, {{"catalogue", folder_}}));
  }
  // A version command is usually the program itself with another argument; it is looked up in the same folders.
  CatalogueTarget command = target;
  command.set_argv(0, argv[0]);
  absl::StatusOr<std::string> program = Program(command);
  if (!program.ok()) return {};
  argv[0] = *std::move(program);
  return argv;
}

std::map<std::string, std::string> Catalogue::Environment() {
  const char* const home = std::getenv("HOME");
  return {{"PATH", SearchPath()},
          {"HOME", home == nullptr || *home == '\0' ? "/" : home},
          {"LANG", "C.UTF-8"}};
}

std::optional<std::string> NotServedReason(const CatalogueTarget& target, std::string_view method,
                                           std::string_view path) {
  const std::string request =
      absl::StrCat(std::string(method), " ", std::string(path.substr(0, path.find('?'))));
  for (const auto& entry : target.not_served()) {
    if (entry.request() == request) return entry.reason();
  }
  return std::nullopt;
}

}  // namespace assay::agent
