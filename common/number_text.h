#ifndef ASSAY_COMMON_NUMBER_TEXT_H_
#define ASSAY_COMMON_NUMBER_TEXT_H_

#include <string>

namespace assay {

// The shortest digits that read back as exactly `value`: "0.5", "1234567", "1234.5671". Numbers below 1e15 and not
// below 1e-6 have no exponent. Two numbers that differ have different texts.
std::string NumberText(double value);

}  // namespace assay

#endif  // ASSAY_COMMON_NUMBER_TEXT_H_
