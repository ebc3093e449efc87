#ifndef ASSAY_COMMON_OUTPUT_FILE_H_
#define ASSAY_COMMON_OUTPUT_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay {

// Where a user's output goes: a file, or what is no file (a pipe, a device, a descriptor that the shell opened).

// Writes every byte, and waits where a descriptor that does not block is full. `name` is for the error's message.
absl::Status WriteAll(int fd, std::string_view contents, std::string_view name);

// The descriptor of this process that `path` names: 1 for /dev/stdout, 3 for /dev/fd/3 and /proc/self/fd/3, also through
// the user's own link, and whether or not it is open. None for any other path.
std::optional<int> OwnDescriptor(const std::string& path);

// Opens `path` to be written from its beginning; a file is made, or emptied. A descriptor of this process is duplicated and
// not opened again, so it keeps its position, its O_APPEND and what it holds already; one that this program opened for
// itself (FD_CLOEXEC) counts as not open. Devices and pipes are opened as they
// are; a pipe that nobody reads is waited for. A link is followed as by ResolveLinks() of common/safe_path.h.
absl::StatusOr<UniqueFd> OpenOutput(const std::string& path);

}  // namespace assay

#endif  // ASSAY_COMMON_OUTPUT_FILE_H_
