#ifndef ASSAY_COMMON_PEM_FILE_H_
#define ASSAY_COMMON_PEM_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay {

// Reads a PEM file in which a block of that `kind` stands: "CERTIFICATE", or "PRIVATE KEY" with or without an algorithm
// before it. Who only uses TLS later takes anything, and refuses every connection.
//
// Errors name `flag`, the option that the path was given by, the path and what is wrong; the code is ReadFile()'s, or
// kInvalidArgument for a file of something else.
absl::StatusOr<std::string> ReadPemFile(std::string_view flag, const std::string& path,
                                        std::string_view kind);

}  // namespace assay

#endif  // ASSAY_COMMON_PEM_FILE_H_
