#include "controller/import/decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace assay::controller {
namespace {

// The product of the doubles, 0.0012345 * 1e6, is 1234.4999999999998.
TEST(DecimalTest, AChangeOfUnitIsExact) {
  EXPECT_EQ(ScaledDecimal("0.0012345", 6), 1234.5);
  EXPECT_EQ(ScaledDecimal("12345", -3), 12.345);
  EXPECT_EQ(ScaledDecimal("1.5e-3", 6), 1500.0);
  EXPECT_EQ(MicrosOf("0.89ms"), 890.0);
  EXPECT_EQ(MicrosOf("635.91us"), 635.91);
  EXPECT_EQ(MicrosOf("1.20s"), 1'200'000.0);
  EXPECT_EQ(MicrosOf("0.0434 secs"), 43'400.0);
  EXPECT_EQ(MicrosOf("305.3 ms"), 305'300.0);
  EXPECT_EQ(MicrosOf("250ns"), 0.25);
  EXPECT_EQ(MicrosOf("7\xC2\xB5s"), 7.0);
  EXPECT_EQ(MicrosOf("1.50m"), 90'000'000.0);
  EXPECT_EQ(MicrosOf("2h"), 7'200'000'000.0);
}

TEST(DecimalTest, OtherTextIsNoNumber) {
  for (const char* text : {"", "-", ".", "ms", "1.2.3ms", "1ms2", "-1ms", "1 day", "nanms",
                           "0x10ms", "1e5ms", "infs"}) {
    EXPECT_EQ(MicrosOf(text), std::nullopt) << text;
  }
  for (const char* text : {"", "e5", "1e", "1e99999999999", "1e400", "inf", "nan", "1,5"})
    EXPECT_EQ(ScaledDecimal(text, 0), std::nullopt) << text;
  for (const char* text : {"", "-1", "+1", "1.0", " 1", "18446744073709551616"})
    EXPECT_EQ(CountOf(text), std::nullopt) << text;
  EXPECT_EQ(CountOf("18446744073709551615"), UINT64_MAX);
}

}  // namespace
}  // namespace assay::controller
