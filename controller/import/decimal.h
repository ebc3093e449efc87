#ifndef ASSAY_CONTROLLER_IMPORT_DECIMAL_H_
#define ASSAY_CONTROLLER_IMPORT_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::controller {

// Numbers of other tools' outputs, which are decimal. A change of unit by a power of ten moves the decimal point before the
// number is rounded to a double: 0.0012345 s is exactly 1234.5 us, which the product of the doubles is not.

// `text` times 10 to the power of `exponent`. `text`: digits with an optional sign, point and exponent, as in JSON. Not set
// if it is anything else, or too large for a double.
std::optional<double> ScaledDecimal(std::string_view text, int exponent);

// A time that is not negative, with its unit, in microseconds: "1.23ms", "890us", "12 secs". Units: ns, us, µs, ms, s, sec,
// secs, m, min, h. Not set if the text is anything else.
std::optional<double> MicrosOf(std::string_view text);

// A whole number that is not negative, such as "1234".
std::optional<uint64_t> CountOf(std::string_view text);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_DECIMAL_H_
