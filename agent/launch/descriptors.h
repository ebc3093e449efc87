#ifndef ASSAY_AGENT_LAUNCH_DESCRIPTORS_H_
#define ASSAY_AGENT_LAUNCH_DESCRIPTORS_H_

#include <utility>
#include <vector>

#include "common/unique_fd.h"

namespace assay::agent {

// Closes every descriptor from 3 up that is not in `kept`: what a careless library of our parent
// left open would otherwise hold its sockets and files open as long as the program lives.
void CloseAllBut(std::vector<int> kept);

// Makes the descriptor table that the program will have after exec: `pass_fds` (ours, theirs) get
// their numbers, everything else from 3 up is closed by exec. `aside` stays usable until then,
// whatever its number was. Returns 0 or errno: EBADF (ours is not open), EINVAL or EMFILE (beyond
// the limit of open files).
int PlaceDescriptors(const std::vector<std::pair<int, int>>& pass_fds, UniqueFd* aside);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_DESCRIPTORS_H_
