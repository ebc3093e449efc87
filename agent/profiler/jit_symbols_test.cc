#include "agent/profiler/jit_symbols.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

TEST(JitSymbolsTest, NamesWithSpacesAndBounds) {
  JitSymbols symbols("", getpid());
  symbols.Add("1000 20 LazyCompile:*handle /srv/app.js:10\n0x2000 0x10 stub\n");
  EXPECT_EQ(symbols.Find(0x101f, 0)->name, "LazyCompile:*handle /srv/app.js:10");
  EXPECT_EQ(symbols.Find(0x1020, 0), nullptr);
  EXPECT_EQ(symbols.Find(0x2000, 0)->name, "stub");
  EXPECT_EQ(symbols.Find(0xfff, 0), nullptr);
}

TEST(JitSymbolsTest, RecompiledCodeReplacesTheOldCode) {
  JitSymbols symbols("", getpid());
  symbols.Add("1000 20 a\n1020 20 b\n1040 20 c\n");
  symbols.Add("1010 40 d\n");
  EXPECT_EQ(symbols.Find(0x1008, 0), nullptr) << "another function overlaps it now";
  EXPECT_EQ(symbols.Find(0x1030, 0)->name, "d");
  EXPECT_EQ(symbols.Find(0x1050, 0), nullptr);
}

TEST(JitSymbolsTest, SkipsLinesThatAreNone) {
  JitSymbols symbols("", getpid());
  symbols.Add("\nx\n10\n10 \n10 5\nzz 5 name\n30 0 empty\n40 8 good");
  EXPECT_EQ(symbols.Find(0x10, 0), nullptr);
  EXPECT_EQ(symbols.Find(0x30, 0), nullptr);
  EXPECT_EQ(symbols.Find(0x40, 0)->name, "good");
}

TEST(JitSymbolsTest, ReadsAddedLinesButNotAtEveryMiss) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/perf-1.map";
  std::ofstream map(path);
  map << "1000 20 first\n2000 20 ha" << std::flush;
  JitSymbols symbols(path, getpid());
  EXPECT_EQ(symbols.Find(0x1000, 0)->name, "first");
  EXPECT_EQ(symbols.Find(0x2000, 1'000'000'000), nullptr) << "half a line";
  map << "lf\n" << std::flush;
  EXPECT_EQ(symbols.Find(0x2000, 1'000'000'001), nullptr) << "too soon";
  EXPECT_EQ(symbols.Find(0x2000, 2'000'000'000)->name, "half");
}

std::string NewMap(const std::string& name) {
  std::string path = std::string(getenv("TEST_TMPDIR")) + "/" + name;
  std::ofstream(path) << "1000 20 function\n";
  return path;
}

bool Names(const std::string& path, pid_t pid = getpid()) {
  return JitSymbols(path, pid).Find(0x1000, 0) != nullptr;
}

// Every target has the same pid in its PID namespace. Otherwise its code would get the names of the previous target's
// code.
TEST(JitSymbolsTest, DoesNotTrustAMapOlderThanTheProcess) {
  const std::string path = NewMap("perf-3.map");
  EXPECT_TRUE(Names(path));
  const timespec an_hour_ago[] = {{time(nullptr) - 3600, 0}, {time(nullptr) - 3600, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), an_hour_ago, 0), 0);
  EXPECT_FALSE(Names(path));
  std::ofstream(path) << "1000 20 written_anew\n";
  EXPECT_TRUE(Names(path));
}

TEST(JitSymbolsTest, DoesNotTrustAMapOfAnotherUser) {
  const std::string path = NewMap("perf-4.map");
  if (chown(path.c_str(), 65534, 65534) != 0) GTEST_SKIP() << "only root can give files away";
  EXPECT_FALSE(Names(path));
  ASSERT_EQ(chown(path.c_str(), getuid(), getgid()), 0);
  EXPECT_TRUE(Names(path));
}

TEST(JitSymbolsTest, DoesNotTrustASymbolicLinkOrAPipe) {
  const std::string path = NewMap("perf-5.map");
  const std::string link = path + ".link";
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  EXPECT_FALSE(Names(link));
  const std::string pipe = path + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(Names(pipe));
}

TEST(JitSymbolsTest, DoesNotTrustAMapWithoutItsProcess) {
  // Larger than any pid of the kernel.
  EXPECT_FALSE(Names(NewMap("perf-6.map"), 1 << 30));
}

TEST(JitSymbolsTest, AMissAllocatesMemoryOnlyForNewLines) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/perf-2.map";
  std::ofstream(path) << "1000 20 first\n";
  JitSymbols symbols(path, getpid());
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
