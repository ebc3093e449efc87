#ifndef ASSAY_COMMON_FILE_H_
#define ASSAY_COMMON_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// A status from errno: "what: No such file or directory", with the code that fits (kNotFound,
// kPermissionDenied, ...).
absl::Status ErrnoStatus(int error, std::string_view what);

// Reads a whole file, also one of /proc whose size reads 0. A file beyond `max_bytes` is
// kResourceExhausted, a folder kInvalidArgument; every error names the path.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes = size_t{1} << 30);

// Puts `contents` in the place of `path`: a reader, and a machine that loses power, sees the old
// file or the whole new one, never a part. Writes beside it first, so the folder must be writable.
// A new file gets mode 0666 less the umask; one of this user's keeps its mode. A link stays and its
// target is replaced, but for one that somebody else may have put there: kPermissionDenied, see
// common/safe_path.h. What is no regular file (a pipe, /dev/stdout) is written as it stands.
absl::Status WriteFileAtomically(const std::string& path, std::string_view contents);

}  // namespace assay

#endif  // ASSAY_COMMON_FILE_H_
