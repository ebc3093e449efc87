#include "agent/launch/program.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/launch/descriptors.h"
#include "agent/launch/launch_protocol.h"

namespace assay::agent {
namespace {

// The exit status of shells for a program that cannot be executed.
constexpr int kCannotExecute = 127;
constexpr char kDefaultPath[] = "/usr/local/bin:/usr/bin:/bin";

std::vector<std::string> MergedEnvironment(const LaunchRequest& request) {
  std::map<std::string, std::string> variables;
  const auto add = [&variables](std::string_view variable) {
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos) return;
    variables[std::string(variable.substr(0, equals))] = variable.substr(equals + 1);
  };
  for (char** variable = environ; request.inherit_environment && *variable != nullptr; ++variable) {
    add(*variable);
  }
  for (const std::string& variable : request.environment) add(variable);
  std::vector<std::string> merged;
  for (const auto& [name, value] : variables) merged.push_back(absl::StrCat(name, "=", value));
  return merged;
}

std::string PathVariable(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    if (variable.rfind("PATH=", 0) == 0) return variable.substr(5);
  }
  return kDefaultPath;
}

bool IsFile(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void Report(const UniqueFd& keeper, const LaunchReport& report) {
  // A failure cannot be reported: the keeper is gone, and this process ends soon.
  (void)send(keeper.get(), &report, sizeof(report), MSG_NOSIGNAL);
}

[[noreturn]] void Fail(const UniqueFd& keeper, LaunchStep step, int error) {
  Report(keeper, {.kind = LaunchReport::kFailed, .step = step, .error = error});
  _exit(kCannotExecute);
}

// Resets signals as for a program that a shell starts, regardless of what its parents block or ignore.
void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void WaitForRelease(const UniqueFd& keeper) {
  LaunchCommand command;
  ssize_t got;
  do {
    got = recv(keeper.get(), &command, sizeof(command), 0);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof(command) || command.kind != LaunchCommand::kRelease) _exit(kCannotExecute);
}

}  // namespace

int Program::Find(const LaunchRequest& request, Program* program) {
  program->environment_ = MergedEnvironment(request);
  const std::string& name = request.argv.front();
  program->path_ = name;
  if (name.find('/') != std::string::npos) return 0;
  int error = ENOENT;
  for (const absl::string_view folder : absl::StrSplit(PathVariable(program->environment_), ':')) {
    const std::string candidate = absl::StrCat(folder.empty() ? "." : folder, "/", name);
    if (!IsFile(candidate)) continue;
    if (access(candidate.c_str(), X_OK) == 0) {
      program->path_ = candidate;
      return 0;
    }
    error = EACCES;
  }
  return error;
}

void Program::Become(const LaunchRequest& request, pid_t guard, UniqueFd keeper) const {
  // A session of its own, so that kill(0, ...) in the program does not reach the guard, and Ctrl-C in a terminal does
  // not reach the program.
  setsid();
  // This covers only the program itself. Its children do not inherit the setting; the guard kills them.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != guard) _exit(kCannotExecute);  // The guard died before prctl().
  ResetSignals();
  if (!request.working_directory.empty() && chdir(request.working_directory.c_str()) != 0) {
    Fail(keeper, LaunchStep::kEnterFolder, errno);
  }
  if (!request.cpus.empty() && !request.cpus.PinThisThread().ok()) {
    Fail(keeper, LaunchStep::kPin, EINVAL);
  }
  const int error = PlaceDescriptors(request.pass_fds, &keeper);
  if (error != 0) Fail(keeper, LaunchStep::kPassDescriptors, error);
  const std::vector<char*> argv = Pointers(request.argv);
  const std::vector<char*> environment = Pointers(environment_);

  Report(keeper, {.kind = LaunchReport::kHeld});
  WaitForRelease(keeper);
  execve(path_.c_str(), argv.data(), environment.data());
  Fail(keeper, LaunchStep::kExec, errno);
}

}  // namespace assay::agent
