#include "controller/campaign/cpu_responses.h"

#include <cmath>

#include "analysis/response_counts.h"
#include "proto/convert/response_counts_proto.h"

namespace assay::controller {

std::optional<uint64_t> ServerCpuResponses(const ServerFinished& server, int64_t server_start_ns,
                                           const std::vector<LoadResponses>& loads) {
  if (!server.has_cpu_begin_ns() || !server.has_cpu_end_ns()) return std::nullopt;
  double responses = 0;
  for (const LoadResponses& load : loads) {
    int64_t shift_ns = 0;
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    // An agent may report any time: check for overflow.
    if ((!load.same_clock && __builtin_sub_overflow(load.start_ns, server_start_ns, &shift_ns)) ||
        __builtin_add_overflow(server.cpu_begin_ns(), shift_ns, &from_ns) ||
        __builtin_add_overflow(server.cpu_end_ns(), shift_ns, &to_ns)) {
      return std::nullopt;
    }
    const std::optional<double> of_load =
        ResponsesBetween(FromProto(*load.timeline), from_ns, to_ns);
    if (!of_load.has_value()) return std::nullopt;
    responses += *of_load;
  }
  return static_cast<uint64_t>(std::llround(responses));
}

}  // namespace assay::controller
