#include "controller/store/process_identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/file.h"

namespace assay::controller {
namespace {

std::string ThisMachine() {
  const absl::StatusOr<std::string> boot = ReadFile("/proc/sys/kernel/random/boot_id");
  struct stat names;
  const bool known = stat("/proc/self/ns/pid", &names) == 0;
  return absl::StrCat(boot.ok() ? std::string(absl::StripSuffix(*boot, "\n")) : HostName(), "-",
                      known ? names.st_ino : 0);
}

// Field 22 of /proc/PID/stat, see proc(5); nullopt if there is no such process or only a zombie.
std::optional<uint64_t> StartTicks(int64_t pid) {
  const absl::StatusOr<std::string> stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!stat.ok()) return std::nullopt;
  // The name is in brackets and may itself contain blanks and brackets.
  const size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields =
      absl::StrSplit(stat->substr(name_end + 1), ' ', absl::SkipEmpty());
  uint64_t ticks = 0;
  // Fields 3 (state), ..., 22 follow the name.
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X" ||
      !absl::SimpleAtoi(fields[19], &ticks)) {
    return std::nullopt;
  }
  return ticks;
}

}  // namespace

std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) return "this host";
  return name;
}

ProcessIdentity ProcessIdentity::OfThisProcess() {
  return {ThisMachine(), getpid(), StartTicks(getpid()).value_or(0)};
}

std::optional<ProcessIdentity> ProcessIdentity::Parse(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(text), '/');
  ProcessIdentity identity;
  if (parts.size() != 3 || parts[0].empty() || !absl::SimpleAtoi(parts[1], &identity.pid) ||
      !absl::SimpleAtoi(parts[2], &identity.start_ticks)) {
    return std::nullopt;
  }
  identity.machine = parts[0];
  return identity;
}

std::string ProcessIdentity::ToString() const {
  return absl::StrCat(machine, "/", pid, "/", start_ticks);
}

std::optional<bool> ProcessIdentity::Lives() const {
  if (machine != ThisMachine()) return std::nullopt;
  return StartTicks(pid) == start_ticks;
}

}  // namespace assay::controller
