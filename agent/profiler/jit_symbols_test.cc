#include "agent/profiler/jit_symbols.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

TEST(JitSymbolsTest, NamesWithSpacesAndBounds) {
  JitSymbols symbols("");
  symbols.Add("1000 20 LazyCompile:*handle /srv/app.js:10\n0x2000 0x10 stub\n");
  EXPECT_EQ(symbols.Find(0x101f, 0)->name, "LazyCompile:*handle /srv/app.js:10");
  EXPECT_EQ(symbols.Find(0x1020, 0), nullptr);
  EXPECT_EQ(symbols.Find(0x2000, 0)->name, "stub");
  EXPECT_EQ(symbols.Find(0xfff, 0), nullptr);
}

TEST(JitSymbolsTest, CodeThatIsCompiledAgainReplacesTheOld) {
  JitSymbols symbols("");
  symbols.Add("1000 20 a\n1020 20 b\n1040 20 c\n");
  symbols.Add("1010 40 d\n");
  EXPECT_EQ(symbols.Find(0x1008, 0), nullptr) << "half of it is something else now";
  EXPECT_EQ(symbols.Find(0x1030, 0)->name, "d");
  EXPECT_EQ(symbols.Find(0x1050, 0), nullptr);
}

TEST(JitSymbolsTest, SkipsLinesThatAreNone) {
  JitSymbols symbols("");
  symbols.Add("\nx\n10\n10 \n10 5\nzz 5 name\n30 0 empty\n40 8 good");
  EXPECT_EQ(symbols.Find(0x10, 0), nullptr);
  EXPECT_EQ(symbols.Find(0x30, 0), nullptr);
  EXPECT_EQ(symbols.Find(0x40, 0)->name, "good");
}

TEST(JitSymbolsTest, ReadsWhatIsAddedToTheMapButNotAtEveryMiss) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/perf-1.map";
  std::ofstream map(path);
  map << "1000 20 first\n2000 20 ha" << std::flush;
  JitSymbols symbols(path);
  EXPECT_EQ(symbols.Find(0x1000, 0)->name, "first");
  EXPECT_EQ(symbols.Find(0x2000, 1'000'000'000), nullptr) << "half a line";
  map << "lf\n" << std::flush;
  EXPECT_EQ(symbols.Find(0x2000, 1'000'000'001), nullptr) << "too soon";
  EXPECT_EQ(symbols.Find(0x2000, 2'000'000'000)->name, "half");
}

TEST(JitSymbolsTest, AMissTakesMemoryForWhatIsNewInTheMapOnly) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/perf-2.map";
  std::ofstream(path) << "1000 20 first\n";
  JitSymbols symbols(path);
  const auto faults = [] {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
  };
  const long before = faults();
  for (int64_t second = 1; second <= 10; ++second) {
    EXPECT_EQ(symbols.Find(0x9000, second * 1'000'000'000), nullptr);
  }
  EXPECT_LT(faults() - before, 1000) << "pages";
}

}  // namespace
}  // namespace assay::profiler
