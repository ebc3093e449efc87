#ifndef ASSAY_COMMON_TESTING_WAIT_UNTIL_H_
#define ASSAY_COMMON_TESTING_WAIT_UNTIL_H_

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace assay {

// For the actions of other processes and threads, which no test clock controls. The default limit allows for a loaded
// machine that stalls for seconds.
inline constexpr absl::Duration kTestTimeout = absl::Minutes(2);

// Polls `condition` every few milliseconds until it is true. Returns false if it is not within `limit`.
bool WaitUntil(absl::FunctionRef<bool()> condition, absl::Duration limit = kTestTimeout);

}  // namespace assay

#endif  // ASSAY_COMMON_TESTING_WAIT_UNTIL_H_
