#ifndef ASSAY_SERVER_ENDPOINTS_QUERY_H_
#define ASSAY_SERVER_ENDPOINTS_QUERY_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::server {

// The value of a parameter in "a=1&b=2", not decoded; if it is repeated, the last one counts. Nullopt if it is missing.
std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name);

// A parameter that is a decimal number without sign. `otherwise` if it is missing; nullopt if it is not such a number
// or not in [min, max].
std::optional<int64_t> NumberParameter(std::string_view query, std::string_view name,
                                       std::optional<int64_t> otherwise, int64_t min, int64_t max);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_QUERY_H_
