#ifndef ASSAY_COMMON_SAFE_PATH_H_
#define ASSAY_COMMON_SAFE_PATH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// Protection in folders such as /tmp where other users may write: their links and files must not redirect this program.

// Makes `path` a folder that no other user can have prepared. Creates it with mode 0700 if it is missing, and its
// parents too. An existing one must be a folder, not a link; it must belong to this user and be writable by this user
// alone; its parent must be sticky if every user may write to it. Otherwise kPermissionDenied, which names the path and
// the reason.
absl::Status EnsureOwnFolder(const std::string& path);

// Resolves the symbolic links of `path`, even if their target does not exist. kPermissionDenied, which names the link,
// for a link in a folder that is sticky or writable by all, and for another user's link in a folder that is writable by
// a group. Links of /proc, such as behind /dev/stdout, are not resolved.
absl::StatusOr<std::string> ResolveLinks(const std::string& path);

}  // namespace assay

#endif  // ASSAY_COMMON_SAFE_PATH_H_
