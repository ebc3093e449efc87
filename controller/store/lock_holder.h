#ifndef ASSAY_CONTROLLER_STORE_LOCK_HOLDER_H_
#define ASSAY_CONTROLLER_STORE_LOCK_HOLDER_H_

#include <string>

namespace assay::controller {

// Who on this host holds the write lock of an SQLite file, for a message: " by process 1234 (controller)", with several
// of them after one another; empty when that cannot be found out (another host, another process namespace). Read from
// /proc/locks: opening the file itself would drop this process's own locks on it.
std::string HeldBy(const std::string& database_path);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_LOCK_HOLDER_H_
