#include "agent/telemetry/perf_abilities.h"

#include <errno.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ExplainPerfErrorTest, APermissionNamesTheSettingItsValueAndTheCapability) {
  const PerfAbility ability = ExplainPerfError("cycles", EACCES, "4");
  EXPECT_FALSE(ability.available);
  EXPECT_THAT(ability.reason, HasSubstr("Permission denied; kernel.perf_event_paranoid is 4"));
  EXPECT_THAT(ability.remedy, HasSubstr("kernel.perf_event_paranoid=1"));
  EXPECT_THAT(ability.remedy, HasSubstr("CAP_PERFMON"));
  EXPECT_THAT(ExplainPerfError("cycles", EPERM, "").reason, HasSubstr("is unknown"));
}

TEST(ExplainPerfErrorTest, AMissingCounterPointsToCpuClock) {
  for (const int error : {ENOENT, ENODEV, EOPNOTSUPP}) {
    EXPECT_THAT(ExplainPerfError("cycles", error, "2").remedy, HasSubstr("cpu-clock"));
  }
}

TEST(ExplainPerfErrorTest, EveryErrorHasAReasonAndARemedy) {
  for (const int error : {ENOSYS, EBUSY, EMFILE, EINVAL, EIO}) {
    const PerfAbility ability = ExplainPerfError("cycles", error, "2");
    EXPECT_THAT(ability.reason, HasSubstr("perf_event_open: "));
    EXPECT_THAT(ability.remedy, Not(IsEmpty()));
  }
}

}  // namespace
}  // namespace assay::agent
