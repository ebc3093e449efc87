#include "agent/launcher/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/file.h"

namespace assay::agent {
namespace {

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<Spawned> Spawn(const std::vector<std::string>& argv,
                              const std::vector<std::pair<int, int>>& descriptors) {
  int above = 1;
  for (const auto& [ours, theirs] : descriptors) above = std::max(above, theirs + 1);
  // First duplicate all descriptors above the target numbers, so that no dup2() closes one that is still needed.
  std::vector<UniqueFd> copies;
  FileActions actions;
  posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  for (const auto& [ours, theirs] : descriptors) {
    copies.emplace_back(fcntl(ours, F_DUPFD_CLOEXEC, above));
    if (!copies.back().ok()) {
      return ErrnoStatus(errno, absl::StrCat("cannot pass the descriptor ", ours));
    }
    posix_spawn_file_actions_adddup2(actions.get(), copies.back().get(), theirs);
  }
  std::vector<char*> pointers;
  for (const std::string& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);

  Spawned spawned;
  const Attributes attributes;
  const int error = posix_spawn(&spawned.pid, pointers[0], actions.get(), attributes.get(),
                                pointers.data(), environ);
  if (error != 0) return ErrnoStatus(error, absl::StrCat("cannot start ", argv.front()));
  spawned.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (!spawned.pidfd.ok()) {
    const absl::Status status = ErrnoStatus(errno, "pidfd_open failed; it needs Linux 5.3");
    kill(spawned.pid, SIGKILL);
    waitpid(spawned.pid, nullptr, 0);
    return status;
  }
  return spawned;
}

}  // namespace assay::agent
