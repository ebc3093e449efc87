#include "controller/campaign/start_skew.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace assay::controller {

StartSkew SkewOf(const google::protobuf::RepeatedPtrField<LoadRecord>& loads) {
  int64_t earliest_ns = loads.empty() ? 0 : loads[0].lateness_ns();
  int64_t latest_ns = 0;
  int64_t widest_ns = 0;
  int64_t second_widest_ns = 0;
  for (const LoadRecord& load : loads) {
    earliest_ns = std::min(earliest_ns, load.lateness_ns());
    latest_ns = std::max(latest_ns, load.lateness_ns());
    if (load.round_trip_ns() > widest_ns) {
      second_widest_ns = std::exchange(widest_ns, load.round_trip_ns());
    } else {
      second_widest_ns = std::max(second_widest_ns, load.round_trip_ns());
    }
  }
  StartSkew skew;
  skew.set_agents(static_cast<uint32_t>(loads.size()));
  skew.set_lateness_spread_ns(latest_ns - earliest_ns);
  // The error of each clock is at most half of its round trip.
  skew.set_bound_ns(
      loads.size() < 2 ? 0 : skew.lateness_spread_ns() + widest_ns / 2 + second_widest_ns / 2);
  return skew;
}

}  // namespace assay::controller
