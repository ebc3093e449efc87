#ifndef ASSAY_CONTROLLER_STORE_SQLITE_LOCK_HOLDER_H_
#define ASSAY_CONTROLLER_STORE_SQLITE_LOCK_HOLDER_H_

#include <string>

namespace assay::controller {

// The processes on this host that hold the write lock of an SQLite file, for a message: " by process 1234
// (controller)", with several processes listed one after another. Empty if they are not known (another host, another
// process namespace). Reads /proc/locks: opening the file would drop this process's own locks on it.
std::string HeldBy(const std::string& database_path);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_SQLITE_LOCK_HOLDER_H_
