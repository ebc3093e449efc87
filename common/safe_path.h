#ifndef ASSAY_COMMON_SAFE_PATH_H_
#define ASSAY_COMMON_SAFE_PATH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// Where other users may write, as in /tmp: what they put there must not lead us elsewhere.

// Makes `path` a folder that nobody else can have prepared: made with mode 0700, and its parents, where it is missing. One
// that is there must be a folder and no link, be ours, and be writable by us alone; its parent must be sticky where
// everybody may write there. Otherwise kPermissionDenied, which names the path and says why.
absl::Status EnsureOwnFolder(const std::string& path);

// `path` with its symbolic links followed, also where what it leads to is missing. kPermissionDenied, which names the link,
// for one in a folder that everybody may write to or that is sticky, and for another user's in a folder that a group may
// write to. Links of /proc, as behind /dev/stdout, are left as they stand.
absl::StatusOr<std::string> ResolveLinks(const std::string& path);

}  // namespace assay

#endif  // ASSAY_COMMON_SAFE_PATH_H_
