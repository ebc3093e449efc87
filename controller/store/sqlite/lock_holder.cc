#include "controller/store/sqlite/lock_holder.h"

#include <sys/stat.h>

#include <cstdint>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/file.h"

namespace assay::controller {
namespace {

// The bytes that SQLite locks: https://www.sqlite.org/walformat.html and os.h. In WAL mode a writer holds byte 120 of
// the -shm file. In rollback mode, or with an exclusive lock, it holds bytes of the database from 2^30 on.
constexpr int64_t kWalWriteByte = 120;
constexpr int64_t kPendingByte = int64_t{1} << 30;
constexpr int64_t kReservedByte = kPendingByte + 1;

// The inode of a file; 0 if it does not exist.
uint64_t InodeOf(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// One line of /proc/locks: "1: POSIX  ADVISORY  WRITE 3568 00:1f:12345 120 120".
struct HeldLock {
  int pid = 0;
  uint64_t inode = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

bool ParseLock(absl::string_view line, HeldLock* lock) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  // A waiting process has an arrow in the second field and holds nothing.
  if (words.size() != 8 || words[3] != "WRITE") return false;
  const std::vector<absl::string_view> device = absl::StrSplit(words[5], ':');
  if (device.size() != 3) return false;
  const bool to_end = words[7] == "EOF";
  lock->end = INT64_MAX;
  return absl::SimpleAtoi(words[4], &lock->pid) && absl::SimpleAtoi(device[2], &lock->inode) &&
         absl::SimpleAtoi(words[6], &lock->begin) &&
         (to_end || absl::SimpleAtoi(words[7], &lock->end));
}

bool Covers(const HeldLock& lock, uint64_t inode, int64_t byte) {
  return inode != 0 && lock.inode == inode && lock.begin <= byte && byte <= lock.end;
}

}  // namespace

std::string HeldBy(const std::string& database_path) {
  const absl::StatusOr<std::string> locks = ReadFile("/proc/locks");
  if (!locks.ok()) return "";
  const uint64_t database = InodeOf(database_path);
  const uint64_t shared = InodeOf(database_path + "-shm");
  std::set<int> pids;
  for (const absl::string_view line : absl::StrSplit(*locks, '\n')) {
    HeldLock lock;
    if (!ParseLock(line, &lock) || lock.pid <= 0) continue;
    if (Covers(lock, shared, kWalWriteByte) || Covers(lock, database, kPendingByte) ||
        Covers(lock, database, kReservedByte) || Covers(lock, database, kReservedByte + 1)) {
      pids.insert(lock.pid);
    }
  }
  std::vector<std::string> holders;
  for (const int pid : pids) {
    const absl::StatusOr<std::string> name = ReadFile(absl::StrCat("/proc/", pid, "/comm"));
    const std::string known =
        name.ok() ? absl::StrCat(" (", absl::StripSuffix(*name, "\n"), ")") : std::string();
    holders.push_back(absl::StrCat("process ", pid, known));
  }
  return holders.empty() ? "" : absl::StrCat(" by ", absl::StrJoin(holders, ", "));
}

}  // namespace assay::controller
