#ifndef ASSAY_CONTROLLER_PLAN_UTF8_H_
#define ASSAY_CONTROLLER_PLAN_UTF8_H_

#include <string_view>

namespace assay {

// Whether `text` is UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing beyond
// U+10FFFF. What is not cannot be kept in a string field of a stored message.
bool IsUtf8(std::string_view text);

}  // namespace assay

#endif  // ASSAY_CONTROLLER_PLAN_UTF8_H_
