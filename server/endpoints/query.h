#ifndef ASSAY_SERVER_ENDPOINTS_QUERY_H_
#define ASSAY_SERVER_ENDPOINTS_QUERY_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::server {

// The value of a parameter in "a=1&b=2", as it came; of a doubled one the last counts. Nothing when
// it is not there.
std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name);

// A parameter that is a decimal number without sign. `otherwise` when it is not there; nothing when
// it is no such number or not in [min, max].
std::optional<int64_t> NumberParameter(std::string_view query, std::string_view name,
                                       std::optional<int64_t> otherwise, int64_t min, int64_t max);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_QUERY_H_
