#include "common/unique_fd.h"

#include <errno.h>
#include <unistd.h>

namespace assay {

void UniqueFd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) return;
  const int saved_errno = errno;
  // Not repeated on EINTR: Linux has already closed the descriptor, and another thread may have got its number.
  close(old);
  errno = saved_errno;
}

}  // namespace assay
