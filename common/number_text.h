#ifndef ASSAY_COMMON_NUMBER_TEXT_H_
#define ASSAY_COMMON_NUMBER_TEXT_H_

#include <string>

namespace assay {

// The shortest digits that parse to exactly `value`: "0.5", "1234567", "1234.5671". Numbers from 1e-6 up to 1e15 have
// no exponent. Different numbers have different texts.
std::string NumberText(double value);

}  // namespace assay

#endif  // ASSAY_COMMON_NUMBER_TEXT_H_
