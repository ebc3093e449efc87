#include "agent/launch/launch_request.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/command_line.h"
#include "common/message_text.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

constexpr int kBadUsage = 2;
// Lower numbers are standard input, output and error.
constexpr int kFirstPassedFd = 3;

constexpr char kFooter[] =
    R"(Starts a program under supervision: pinned to CPUs, and in a PID namespace of its own if the system allows one.
The program and its descendants end when launch ends, or when the process at the other end of --control-fd ends.

Example:
  launch --cpus=0 --env=LANG=C -- nginx -g 'daemon off;')";

// "4:7" means descriptor 4 of launch and descriptor 7 of the program.
absl::StatusOr<std::pair<int, int>> ParsePass(const std::string& text) {
  const std::vector<std::string> ends = absl::StrSplit(text, ':');
  std::pair<int, int> pass;
  if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &pass.first) ||
      !absl::SimpleAtoi(ends[1], &pass.second) || pass.first < 0 || pass.second < kFirstPassedFd) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--pass=", text, ": expected OURS:THEIRS, two descriptor numbers, the second 3 or more"));
  }
  return pass;
}

absl::Status Complete(const std::string& cpus, const std::vector<std::string>& passes,
                      LaunchRequest* request) {
  if (request->argv.empty() || request->argv.front().empty()) {
    return absl::InvalidArgumentError("no program to start: give it after `--`");
  }
  ASSAY_ASSIGN_OR_RETURN(request->cpus, CpuSet::Parse(cpus));
  std::set<int> theirs;
  for (const std::string& text : passes) {
    ASSAY_ASSIGN_OR_RETURN(const auto pass, ParsePass(text));
    if (!theirs.insert(pass.second).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--pass: the program's descriptor ", pass.second, " is given twice"));
    }
    request->pass_fds.push_back(pass);
  }
  for (const std::string& variable : request->environment) {
    if (variable.find('=') == std::string::npos || variable.front() == '=') {
      return absl::InvalidArgumentError(absl::StrCat("--env=", variable, ": expected NAME=VALUE"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

int ParseLaunchRequest(int argc, char** argv, std::ostream& out, std::ostream& err,
                       LaunchRequest* request) {
  // The parser does not see the program's arguments; it would interpret some of them.
  char** const end = argv + argc;
  char** const dashes = std::find_if(
      argv, end, [](const char* argument) { return std::string_view(argument) == "--"; });
  if (dashes != end) request->argv.assign(dashes + 1, end);

  CLI::App app("Starts a program that cannot outlive the process that requested it", "launch");
  app.footer(kFooter);
  std::string cpus;
  std::vector<std::string> passes;
  bool bare_environment = false;
  bool no_namespace = false;
  app.add_option("--cpus", cpus, "CPUs that the program may run on, such as 0-1,3 (all)");
  app.add_option("--env", request->environment,
                 "NAME=VALUE, a variable for the program; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--bare-environment", bare_environment, "pass only the variables of --env");
  app.add_option("--directory", request->working_directory, "working directory of the program");
  app.add_option("--pass", passes, "OURS:THEIRS, a descriptor for the program; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--hold", request->hold, "wait for a command on --control-fd before exec");
  app.add_flag("--no-pid-namespace", no_namespace, "do not create a PID namespace");
  app.add_option("--control-fd", request->control_fd,
                 "socket to the process that requested the program");
  const int status = ParseCommandLine(app, static_cast<int>(dashes - argv), argv, out, err);
  if (status != kGoOn) return status;
  request->inherit_environment = !bare_environment;
  request->pid_namespace = !no_namespace;
  const absl::Status complete = Complete(cpus, passes, request);
  if (complete.ok()) return kGoOn;
  err << "launch: " << MessageText(complete) << "\nRun `launch --help` for usage.\n";
  return kBadUsage;
}

}  // namespace assay::agent
