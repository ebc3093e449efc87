#include "common/unique_fd.h"

#include <errno.h>
#include <unistd.h>

namespace assay {

void UniqueFd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) return;
  const int saved_errno = errno;
  // Not repeated on EINTR: Linux has closed it already, and another thread may own the number by
  // now.
  close(old);
  errno = saved_errno;
}

}  // namespace assay
