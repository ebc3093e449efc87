#include "agent/launcher/launch_options.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace assay::agent {
namespace {

// Lower numbers are standard input, output and error.
constexpr int kFirstFdOfProgram = 3;

}  // namespace

absl::Status ValidateLaunchOptions(const LaunchOptions& options) {
  if (options.argv.empty() || options.argv.front().empty()) {
    return absl::InvalidArgumentError("cannot start a program: argv is empty");
  }
  const std::string prefix = absl::StrCat("cannot start \"", options.argv.front(), "\": ");
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const std::string& argument : options.argv) {
    if (has_nul(argument))
      return absl::InvalidArgumentError(prefix + "an argument contains a NUL byte");
  }
  for (const auto& [name, value] : options.environment) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat(prefix, "\"", name,
                       "\" is not a valid environment variable: its name is empty or contains '=', "
                       "or it contains a NUL byte"));
    }
  }
  std::set<int> numbers;
  for (const auto& [ours, theirs] : options.pass_fds) {
    if (theirs < kFirstFdOfProgram || !numbers.insert(theirs).second) {
      return absl::InvalidArgumentError(absl::StrCat(prefix, "descriptor ", theirs,
                                                     " of the program is passed twice, or below ",
                                                     kFirstFdOfProgram));
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> LaunchArgv(const LaunchOptions& options, const std::string& launch_program,
                                    int control_fd, int first_passed_fd) {
  std::vector<std::string> launch_argv = {launch_program,
                                          absl::StrCat("--control-fd=", control_fd)};
  if (!options.cpus.empty())
    launch_argv.push_back(absl::StrCat("--cpus=", options.cpus.ToString()));
  if (!options.working_directory.empty()) {
    launch_argv.push_back(absl::StrCat("--directory=", options.working_directory));
  }
  if (!options.inherit_environment) launch_argv.push_back("--bare-environment");
  for (const auto& [name, value] : options.environment) {
    launch_argv.push_back(absl::StrCat("--env=", name, "=", value));
  }
  for (size_t i = 0; i < options.pass_fds.size(); ++i) {
    launch_argv.push_back(
        absl::StrCat("--pass=", first_passed_fd + i, ":", options.pass_fds[i].second));
  }
  if (options.hold) launch_argv.push_back("--hold");
  if (!options.pid_namespace) launch_argv.push_back("--no-pid-namespace");
  launch_argv.push_back("--");
  launch_argv.insert(launch_argv.end(), options.argv.begin(), options.argv.end());
  return launch_argv;
}

}  // namespace assay::agent
