#ifndef ASSAY_COMMON_NUMBER_TEXT_H_
#define ASSAY_COMMON_NUMBER_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

// The shortest digits that parse to exactly `value`: "0.5", "1234567", "1234.5671". Numbers from 1e-6 up to 1e15 have
// no exponent. Different numbers have different texts.
std::string NumberText(double value);

// A count and its noun: "1 block", "2 blocks", "0 blocks". `plural` is what more than one are called, by default the
// singular with an "s"; both may have more words: CountText(n, "gate warns", "gates warn").
std::string CountText(uint64_t count, std::string_view singular, std::string_view plural = "");

}  // namespace assay

#endif  // ASSAY_COMMON_NUMBER_TEXT_H_
