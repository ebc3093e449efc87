#ifndef ASSAY_COMMON_PEM_FILE_H_
#define ASSAY_COMMON_PEM_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay {

// Reads a PEM file that contains a block of that `kind`: "CERTIFICATE", or "PRIVATE KEY" with or without an algorithm
// before it. Without this check, TLS would accept any file and then refuse every connection.
//
// Errors name `flag` (the option that gave the path), the path and the problem. The code is that of ReadFile(), or
// kInvalidArgument if the file has no such block.
absl::StatusOr<std::string> ReadPemFile(std::string_view flag, const std::string& path,
                                        std::string_view kind);

}  // namespace assay

#endif  // ASSAY_COMMON_PEM_FILE_H_
