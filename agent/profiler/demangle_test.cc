#include "agent/profiler/demangle.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

using ::testing::SizeIs;

TEST(DemangledNameTest, CppWithoutArgumentTypes) {
  EXPECT_EQ(DemangledName("_ZN5assay8profiler8BurnHalfEl"), "assay::profiler::BurnHalf");
  EXPECT_EQ(DemangledName("_ZNSt6vectorIiSaIiEE9push_backEOi"),
            "std::vector<int, std::allocator<int> >::push_back");
}

TEST(DemangledNameTest, RustLegacyWithoutItsHash) {
  EXPECT_EQ(DemangledName("_ZN5tokio7runtime4park6Parker4park17h0123456789abcdefE"),
            "tokio::runtime::park::Parker::park");
}

// The C++ runtime's demangler does not demangle these.
TEST(DemangledNameTest, RustV0) {
  EXPECT_EQ(DemangledName("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
  EXPECT_EQ(DemangledName("_RNvNtCs1234_7mycrate3bar3baz"), "mycrate::bar::baz");
}

TEST(DemangledNameTest, RemovesSuffixesOfClonesAndVersions) {
  EXPECT_EQ(DemangledName("parse.cold"), "parse");
  EXPECT_EQ(DemangledName("parse.constprop.0"), "parse");
  EXPECT_EQ(DemangledName("parse.part.0.isra.1"), "parse");
  EXPECT_EQ(DemangledName("_ZN5assay4ReadEv.cold"), "assay::Read");
  EXPECT_EQ(DemangledName("read@@GLIBC_2.2.5"), "read");
  EXPECT_EQ(DemangledName("__GI___clone3"), "__clone3");
}

TEST(DemangledNameTest, KeepsNamesThatAreNotMangled) {
  EXPECT_EQ(DemangledName("main"), "main");
  EXPECT_EQ(DemangledName("_Znot"), "_Znot");
  EXPECT_EQ(DemangledName(""), "");
}

TEST(DemangledNameTest, LimitsLengthAndConvertsToUtf8) {
  EXPECT_THAT(DemangledName(std::string(5000, 'a')), SizeIs(1024));
  EXPECT_EQ(DemangledName("a\xff"), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace assay::profiler
