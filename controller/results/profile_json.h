#ifndef ASSAY_CONTROLLER_RESULTS_PROFILE_JSON_H_
#define ASSAY_CONTROLLER_RESULTS_PROFILE_JSON_H_

#include <vector>

#include "analysis/profile/categories.h"
#include "controller/results/profile_results.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::controller {

// Profiles for programs: an array with one object per cell:
//   target, workload, mode, level{connections|rate}
//   event, frequency_hz, requests            null where there is no run
//   cost{estimate, low, high}                share of the server's work that profiling took; null where not measured
//   refused, remedy                          where there is no profile
//   unreadable[]                             for each stored profile that does not decode: its execution and the error
//   share_of                                 "cpu"; "user_cpu" if the kernel was not sampled: shares and us_per_request
//                                            are then of the time in user space only
//   runs[{execution, block, samples, whole, truncated, lost, throttled, off_cpu_samples, switches, duration_s,
//         unwind_cpu_s, counters{}}]
//   system_calls[{name, share, us_per_request, calls_per_request}]   costliest first; null where it was not counted
//   off_cpu_system_calls[as above]           shares of the time off the CPU
//   categories[{name, share, us_per_request, share_low, share_high, bound}]
//                                            with functions without names, the true share lies between low and high;
//                                            bound is exact, at_least, at_most or about
//   loopback_delivery{cpu_us_per_request, delivery_us_per_request, delivery_share}
//                                            the client's receive path within the server's CPU per request; null if
//                                            server and load share no host, or the kernel's functions are not known
//   calls_refused                            why calls were not counted, if the plan asked for them
//   notes[]                                  notes of all runs
nlohmann::ordered_json ToJson(const std::vector<CellProfiles>& cells, const CategoryRules& rules);

// "exact", "at_least", "at_most" or "about".
const char* BoundName(Bound bound);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_PROFILE_JSON_H_
