#ifndef ASSAY_AGENT_TELEMETRY_BUILD_ID_H_
#define ASSAY_AGENT_TELEMETRY_BUILD_ID_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::agent {

// The GNU build id of an ELF file in lower-case hexadecimal. It identifies the exact build of a program or library.
// kInvalidArgument: not a valid ELF file of this machine's byte order. kNotFound: the file has no build id.
absl::StatusOr<std::string> ParseBuildId(std::string_view elf);

// ParseBuildId() for a file. Reads only the headers and notes, not the whole file.
absl::StatusOr<std::string> ReadBuildId(const std::string& path);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_BUILD_ID_H_
