#ifndef ASSAY_AGENT_TELEMETRY_BUILD_ID_H_
#define ASSAY_AGENT_TELEMETRY_BUILD_ID_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::agent {

// The GNU build id of an ELF file, in lower-case hexadecimal: names the exact build of a program or library.
// kInvalidArgument when it is no ELF file of this machine's byte order or broken, kNotFound when it has no build id.
absl::StatusOr<std::string> ParseBuildId(std::string_view elf);

// That of a file. Reads the headers and notes only, not the whole file.
absl::StatusOr<std::string> ReadBuildId(const std::string& path);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_BUILD_ID_H_
