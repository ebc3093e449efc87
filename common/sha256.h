#ifndef ASSAY_COMMON_SHA256_H_
#define ASSAY_COMMON_SHA256_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

inline constexpr size_t kSha256Bytes = 32;

// The SHA-256 of `bytes`: kSha256Bytes bytes, not text.
std::string Sha256(std::string_view bytes);

}  // namespace assay

#endif  // ASSAY_COMMON_SHA256_H_
