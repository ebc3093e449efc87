#include "agent/launch/descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <memory>

namespace assay::agent {
namespace {

constexpr int kFirst = 3;
// CLOSE_RANGE_CLOEXEC, which older headers lack.
constexpr unsigned kCloseOnExec = 1U << 2;

// close_range(2) of Linux 5.9 (with kCloseOnExec: 5.11). Returns false on an older kernel.
bool CloseRange(unsigned first, unsigned last, unsigned flags) {
#ifdef SYS_close_range
  return syscall(SYS_close_range, first, last, flags) == 0;
#else
  return false;
#endif
}

std::vector<int> OpenDescriptors() {
  std::vector<int> open;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (folder == nullptr) return open;
  while (const dirent* entry = readdir(folder.get())) {
    const int fd = atoi(entry->d_name);
    if (fd >= kFirst && fd != dirfd(folder.get())) open.push_back(fd);
  }
  return open;
}

void MarkAllCloseOnExec() {
  if (CloseRange(kFirst, UINT_MAX, kCloseOnExec)) return;
  for (const int fd : OpenDescriptors()) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace

void CloseAllBut(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = kFirst;
  bool closed = true;
  for (const int fd : kept) {
    if (fd < static_cast<int>(first)) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > first) closed = CloseRange(first, number - 1, 0) && closed;
    first = number + 1;
  }
  if (CloseRange(first, UINT_MAX, 0) && closed) return;
  for (const int fd : OpenDescriptors()) {
    if (!std::binary_search(kept.begin(), kept.end(), fd)) close(fd);
  }
}

int PlaceDescriptors(const std::vector<std::pair<int, int>>& pass_fds, UniqueFd* aside) {
  int above = kFirst;
  for (const auto& [ours, theirs] : pass_fds) above = std::max(above, theirs + 1);
  // First move all descriptors above the target numbers, so that no dup2() closes one that is still needed.
  std::vector<UniqueFd> copies;
  for (const auto& [ours, theirs] : pass_fds) {
    copies.emplace_back(fcntl(ours, F_DUPFD_CLOEXEC, above));
    if (!copies.back().ok()) return errno;
  }
  UniqueFd moved(fcntl(aside->get(), F_DUPFD_CLOEXEC, above));
  if (!moved.ok()) return errno;
  *aside = std::move(moved);
  MarkAllCloseOnExec();
  for (size_t i = 0; i < copies.size(); ++i) {
    if (dup2(copies[i].get(), pass_fds[i].second) < 0) return errno;
  }
  return 0;
}

}  // namespace assay::agent
