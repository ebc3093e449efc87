#ifndef ASSAY_COMMON_UTF8_H_
#define ASSAY_COMMON_UTF8_H_

#include <string>
#include <string_view>

namespace assay {

// `text` with every byte that is no part of well-formed UTF-8 replaced by U+FFFD, and NUL too: what
// programs print goes into protobuf strings, which refuse anything else, and onto terminals.
std::string ToValidUtf8(std::string_view text);

}  // namespace assay

#endif  // ASSAY_COMMON_UTF8_H_
