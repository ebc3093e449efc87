#ifndef ASSAY_COMMON_OUTPUT_FILE_H_
#define ASSAY_COMMON_OUTPUT_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay {

// Output chosen by the user: a file, or something else (a pipe, a device, a descriptor that the shell opened).

// Writes every byte. Waits while a non-blocking descriptor is full. `name` appears in the error message.
absl::Status WriteAll(int fd, std::string_view contents, std::string_view name);
// The same at a place in a file, whose position stays as it is.
absl::Status WriteAllAt(int fd, std::string_view contents, uint64_t offset, std::string_view name);

// The descriptor of this process that `path` names: 1 for /dev/stdout, 3 for /dev/fd/3 and /proc/self/fd/3. Follows the
// user's own links. The descriptor need not be open. Nullopt for any other path.
std::optional<int> OwnDescriptor(const std::string& path);

// Opens `path` for writing from its beginning; creates or truncates a file. A descriptor of this process is duplicated
// instead of opened again, so it keeps its position, its O_APPEND and the existing contents. A descriptor that this
// program opened for itself (FD_CLOEXEC) counts as closed. Devices and pipes are opened unchanged; opening a pipe
// blocks until it has a reader. Links are followed as in ResolveLinks() of common/safe_path.h.
absl::StatusOr<UniqueFd> OpenOutput(const std::string& path);

}  // namespace assay

#endif  // ASSAY_COMMON_OUTPUT_FILE_H_
