#ifndef ASSAY_COMMON_TESTING_WAIT_UNTIL_H_
#define ASSAY_COMMON_TESTING_WAIT_UNTIL_H_

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace assay {

// For what other processes and threads do, which no clock of a test moves. A loaded machine stalls for seconds; only a
// broken program takes as long as this.
inline constexpr absl::Duration kTestTimeout = absl::Minutes(2);

// Asks `condition` every few milliseconds until it is true. False where it is not within `limit`.
bool WaitUntil(absl::FunctionRef<bool()> condition, absl::Duration limit = kTestTimeout);

}  // namespace assay

#endif  // ASSAY_COMMON_TESTING_WAIT_UNTIL_H_
