#include "agent/launcher/launch_failure.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"

namespace assay::agent {
namespace {

std::string ErrnoText(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof(buffer));
}

// The online CPUs, for people. The CPUs of this process do not matter: a child may be pinned to others.
std::string OnlineCpus() {
  absl::StatusOr<std::string> online = ReadFile("/sys/devices/system/cpu/online");
  return online.ok() ? std::string(absl::StripTrailingAsciiWhitespace(*online)) : "(unreadable)";
}

std::string Join(const std::string& folder, const std::string& path) {
  return path.front() == '/' || folder.empty() ? path : absl::StrCat(folder, "/", path);
}

absl::Status ExecFailure(int error, const std::string& program, const std::string& folder,
                         const std::string& prefix) {
  const std::string reason = absl::StrCat(prefix, ErrnoText(error));
  struct stat status;
  const bool exists = !program.empty() && stat(Join(folder, program).c_str(), &status) == 0;
  switch (error) {
    case ENOENT:
      if (!exists && program.find('/') != std::string::npos) {
        return absl::NotFoundError(
            absl::StrCat(reason, "; build or install it, or correct its path in the catalogue"));
      }
      return absl::NotFoundError(absl::StrCat(
          reason,
          ", although the file exists: the interpreter in its first line or its dynamic loader is "
          "missing; find it with `file` and `ldd`, and install it"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          exists && S_ISDIR(status.st_mode)
              ? absl::StrCat(reason, "; it is a folder; give the path of the program in it")
              : absl::StrCat(reason,
                             "; make it executable (chmod +x), and check that its file "
                             "system is not mounted noexec"));
    case ENOEXEC:
      return absl::FailedPreconditionError(
          absl::StrCat(reason,
                       "; it is not a program for this machine; check it with `file`; a "
                       "script needs a first line such as #!/bin/sh"));
    case ETXTBSY:
      return absl::FailedPreconditionError(
          absl::StrCat(reason, "; a process is writing the file; wait until its build is done"));
    case E2BIG:
      return absl::InvalidArgumentError(
          absl::StrCat(reason, "; shorten argv or the environment in the catalogue"));
    default:
      return absl::InternalError(reason);
  }
}

}  // namespace

absl::Status LaunchFailure(const LaunchReport& report, const std::string& program,
                           const std::string& folder, const CpuSet& cpus) {
  const std::string prefix = absl::StrCat("cannot start \"", program, "\": ");
  switch (report.step) {
    case LaunchStep::kFindProgram:
      if (report.error == EACCES) {
        return absl::PermissionDeniedError(absl::StrCat(
            prefix, "the program in PATH is not executable; make it executable (chmod +x)"));
      }
      return absl::NotFoundError(
          absl::StrCat(prefix, "no such program in PATH; install it, or give its full path"));
    case LaunchStep::kEnterFolder: {
      const std::string message = absl::StrCat(prefix, "cannot enter the folder \"", folder,
                                               "\": ", ErrnoText(report.error),
                                               "; create it, or choose another working directory");
      return absl::Status(absl::ErrnoToStatusCode(report.error), message);
    }
    case LaunchStep::kPin:
      return absl::FailedPreconditionError(absl::StrCat(
          prefix, "cannot pin it to CPUs \"", cpus.ToString(),
          "\": some of them do not exist or a cpuset excludes them; choose CPUs that this "
          "process may use; online CPUs are \"",
          OnlineCpus(), "\""));
    case LaunchStep::kPassDescriptors:
      return absl::InternalError(absl::StrCat(prefix,
                                              "cannot pass descriptors: ", ErrnoText(report.error),
                                              "; raise the limit of open files (ulimit -n)"));
    case LaunchStep::kFork:
      return absl::ResourceExhaustedError(absl::StrCat(
          prefix, "cannot create a process: ", ErrnoText(report.error),
          "; check the limits of processes (ulimit -u, pids.max) and the free memory"));
    case LaunchStep::kExec:
      return ExecFailure(report.error, program, folder, prefix);
    case LaunchStep::kNone:
      break;
  }
  return absl::InternalError(absl::StrCat(prefix, ErrnoText(report.error)));
}

}  // namespace assay::agent
