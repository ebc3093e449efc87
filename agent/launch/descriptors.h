#ifndef ASSAY_AGENT_LAUNCH_DESCRIPTORS_H_
#define ASSAY_AGENT_LAUNCH_DESCRIPTORS_H_

#include <utility>
#include <vector>

#include "common/unique_fd.h"

namespace assay::agent {

// Closes every descriptor from 3 up that is not in `kept`. Otherwise, descriptors that the parent left open without
// close-on-exec would keep its sockets and files open as long as the program runs.
void CloseAllBut(std::vector<int> kept);

// Prepares the descriptor table that the program has after exec. Each of `pass_fds` (number here, number in the
// program) gets its number; exec closes all others from 3 up. `aside` stays usable until exec, and may get another
// number. Returns 0 or errno: EBADF (a descriptor is not open), EINVAL or EMFILE (beyond the limit of open files).
int PlaceDescriptors(const std::vector<std::pair<int, int>>& pass_fds, UniqueFd* aside);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_DESCRIPTORS_H_
