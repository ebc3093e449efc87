#include "controller/import/decimal.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::controller {
namespace {

// Beyond this, every double is 0 or infinite.
constexpr int kLargestExponent = 2'000;

struct Unit {
  std::string_view name;
  // Microseconds: factor times 10 to the power of exponent.
  int exponent;
  double factor;
};

constexpr Unit kUnits[] = {
    {"ns", -3, 1}, {"us", 0, 1},   {"µs", 0, 1}, {"μs", 0, 1},   {"ms", 3, 1},   {"s", 6, 1},
    {"sec", 6, 1}, {"secs", 6, 1}, {"m", 6, 60}, {"min", 6, 60}, {"h", 6, 3600},
};

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

}  // namespace

std::optional<double> ScaledDecimal(std::string_view text, int exponent) {
  const size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  if (mantissa.find_first_not_of("+-.0123456789") != std::string_view::npos) return std::nullopt;
  if (std::none_of(mantissa.begin(), mantissa.end(), IsDigit)) return std::nullopt;
  int own = 0;
  if (e != std::string_view::npos) {
    const std::string_view digits = text.substr(e + 1);
    if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &own))
      return std::nullopt;
    if (std::abs(own) > kLargestExponent) return std::nullopt;
  }
  double value = 0;
  const std::string scaled = absl::StrCat(std::string(mantissa), "e", own + exponent);
  if (!absl::SimpleAtod(scaled, &value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> MicrosOf(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && (IsDigit(text[end]) || text[end] == '.')) ++end;
  std::string_view unit = text.substr(end);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  for (const Unit& one : kUnits) {
    if (one.name != unit) continue;
    const std::optional<double> value = ScaledDecimal(text.substr(0, end), one.exponent);
    if (!value.has_value()) return std::nullopt;
    const double micros = *value * one.factor;
    return std::isfinite(micros) ? std::optional(micros) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<uint64_t> CountOf(std::string_view text) {
  uint64_t count = 0;
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &count)) return std::nullopt;
  return count;
}

}  // namespace assay::controller
