#include "agent/profiler/kernel_symbols.h"

#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

constexpr char kText[] =
    "ffffffff81000000 T _stext\n"
    "ffffffff81000100 T do_syscall_64\n"
    "ffffffff81000180 D some_data\n"
    "ffffffff81000200 t ep_poll\n"
    "ffffffff81000200 t ep_poll.alias\n"
    "ffffffffc0000000 t nf_hook\t[nf_tables]\n";

TEST(KernelSymbolsTest, NamesByTheFunctionBefore) {
  const KernelSymbols symbols(kText);
  EXPECT_EQ(symbols.Find(0xffffffff81000100).name, "do_syscall_64");
  EXPECT_EQ(symbols.Find(0xffffffff810001ff).name, "do_syscall_64") << "data is not a function";
  EXPECT_EQ(symbols.Find(0xffffffff81000210).name, "ep_poll") << "the first of two names";
  EXPECT_EQ(symbols.Find(0xffffffffc0000010).name, "nf_hook") << "without its module";
  EXPECT_EQ(symbols.Find(0xffffffff80000000).name, "");
}

// The kernel's address changes at every boot.
TEST(KernelSymbolsTest, ReportsTheOffsetInTheKernelsText) {
  EXPECT_EQ(KernelSymbols(kText).Find(0xffffffff81000210).offset, 0x200u);
}

TEST(KernelSymbolsTest, ZeroAddressesAreNotNames) {
  EXPECT_TRUE(KernelSymbols("0000000000000000 T _stext\n0000000000000000 t ep_poll\n").empty());
  EXPECT_TRUE(KernelSymbols("").empty());
  EXPECT_TRUE(KernelSymbols("x\nffff\nffff T\n").empty());
}

}  // namespace
}  // namespace assay::profiler
