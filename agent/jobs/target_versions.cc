#include "agent/jobs/target_versions.h"

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "agent/launcher/launched_process.h"
#include "common/utf8.h"

namespace assay::agent {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(3);
constexpr size_t kLongestVersion = 200;

// Changes when the program does.
std::string StampOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return absl::StrCat(info.st_ino, ":", info.st_size, ":", info.st_mtim.tv_sec, ".",
                      info.st_mtim.tv_nsec);
}

std::string FirstLine(const std::string& text) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty())
      return std::string(
          CutAtCharacter(std::string_view(line.data(), line.size()), kLongestVersion));
  }
  return {};
}

std::string Ask(const std::vector<std::string>& argv) {
  LaunchOptions options;
  options.argv = argv;
  options.environment = Catalogue::Environment();
  options.inherit_environment = false;
  const absl::StatusOr<std::unique_ptr<LaunchedProcess>> process =
      LaunchedProcess::Start(std::move(options));
  if (!process.ok()) return {};
  if (!(*process)->WaitForEnd(absl::Now() + kTimeout).has_value()) return {};
  const std::string line = FirstLine((*process)->StandardOutput());
  return line.empty() ? FirstLine((*process)->StandardError()) : line;
}

}  // namespace

std::string TargetVersions::Of(const Catalogue& catalogue, const CatalogueTarget& target) {
  const std::vector<std::string> argv = catalogue.VersionArgv(target);
  if (argv.empty()) return {};
  const std::string key = absl::StrCat(absl::StrJoin(argv, "\n"), "\n", StampOf(argv[0]));
  absl::MutexLock lock(&mutex_);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  return known_[key] = Ask(argv);
}

}  // namespace assay::agent
