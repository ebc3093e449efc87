#include "agent/jobs/private_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/safe_path.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

namespace fs = std::filesystem;

constexpr char kAgentPrefix[] = "agent-";
constexpr char kLockName[] = "/lock";
constexpr int kAttempts = 20;

// Opens and locks the lock file of an agent's folder. Empty: another agent holds it, or there is none to open.
UniqueFd TryLock(const std::string& folder, int flags) {
  UniqueFd lock(open((folder + kLockName).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (lock.ok() && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) lock.reset();
  return lock;
}

void RemoveLeftBehind(const std::string& spool) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(spool, error)) {
    if (entry.path().filename().string().rfind(kAgentPrefix, 0) == 0) folders.push_back(entry);
  }
  for (const fs::path& folder : folders) {
    // One without a lock file is just being made, or half removed; it is not worth a guess.
    const UniqueFd lock = TryLock(folder.string(), 0);
    if (lock.ok()) fs::remove_all(folder, error);
  }
}

}  // namespace

absl::StatusOr<PrivateFolder> PrivateFolder::Create(const std::string& parent,
                                                    const std::string& prefix) {
  std::string path = absl::StrCat(parent, "/", prefix, "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("cannot make a folder in ", parent));
  }
  return PrivateFolder(std::move(path));
}

PrivateFolder::~PrivateFolder() {
  std::error_code error;  // What cannot be removed is left to who owns the spool.
  if (!path_.empty()) fs::remove_all(path_, error);
}

absl::StatusOr<AgentFolder> AgentFolder::Create(const std::string& spool) {
  if (const absl::Status own = EnsureOwnFolder(spool); !own.ok()) {
    return absl::Status(own.code(), absl::StrCat("the spool: ", own.message(),
                                                 "; --spool and $TMPDIR name another place"));
  }
  RemoveLeftBehind(spool);
  // Another agent that starts may take a folder whose lock is not held yet for one left behind.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSAY_ASSIGN_OR_RETURN(PrivateFolder folder, PrivateFolder::Create(spool, kAgentPrefix));
    UniqueFd lock = TryLock(folder.path(), O_CREAT);
    if (lock.ok() && fs::exists(folder.path() + kLockName)) {
      return AgentFolder(std::move(folder), std::move(lock));
    }
  }
  return absl::UnavailableError(absl::StrCat("cannot lock a folder of its own in ", spool));
}

}  // namespace assay::agent
