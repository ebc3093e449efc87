#ifndef ASSAY_COMMON_FILE_H_
#define ASSAY_COMMON_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// A status from errno: "what: No such file or directory", with the matching code (kNotFound, kPermissionDenied, ...).
absl::Status ErrnoStatus(int error, std::string_view what);

// Reads a whole file, also one of /proc whose size is reported as 0. kResourceExhausted for a file larger than
// `max_bytes`, kInvalidArgument for a folder. Every error names the path.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes = size_t{1} << 30);

// Replaces `path` by a file with `contents`. A reader, or the machine after a power failure, sees the old file or the
// whole new one. Writes a temporary file in the same folder first, so the folder must be writable.
//
// A new file gets mode 0666 less the umask; an existing file of this user keeps its mode. A symbolic link remains and
// its target is replaced; a link that another user may have made is kPermissionDenied, see common/safe_path.h. Anything
// but a regular file (a pipe, /dev/stdout) is written to without being replaced.
absl::Status WriteFileAtomically(const std::string& path, std::string_view contents);

}  // namespace assay

#endif  // ASSAY_COMMON_FILE_H_
