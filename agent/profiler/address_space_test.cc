#include "agent/profiler/address_space.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

using ::testing::ElementsAre;

CodeMapping File(uint64_t start, uint64_t end, const char* path, uint64_t offset = 0) {
  return {.start = start, .end = end, .file_offset = offset, .inode = 7, .path = path};
}

TEST(AddressSpaceTest, FindsTheMappingOfAnAddress) {
  AddressSpace space;
  space.Add(File(0x1000, 0x2000, "/a"));
  space.Add(File(0x3000, 0x4000, "/b"));
  EXPECT_EQ(space.Find(0xfff), nullptr);
  EXPECT_EQ(space.Find(0x1000)->path, "/a");
  EXPECT_EQ(space.Find(0x1fff)->path, "/a");
  EXPECT_EQ(space.Find(0x2000), nullptr);
  EXPECT_EQ(space.Find(0x3800)->path, "/b");
}

// The kernel does not report unmapping, so a new mapping may overlap an old one.
TEST(AddressSpaceTest, ANewMappingReplacesThoseItOverlaps) {
  AddressSpace space;
  space.Add(File(0x1000, 0x5000, "/old", 0x10000));
  space.Add(File(0x2000, 0x3000, "/new"));
  EXPECT_EQ(space.Find(0x1800)->path, "/old");
  EXPECT_EQ(space.Find(0x2800)->path, "/new");
  EXPECT_EQ(*space.Find(0x3000), File(0x3000, 0x5000, "/old", 0x12000));
  space.Add(File(0x0, 0x10000, "/all"));
  EXPECT_THAT(space.All(), ElementsAre(::testing::Pointee(File(0x0, 0x10000, "/all"))));
}

TEST(AddressSpaceTest, ComparesTheMappingsOfFiles) {
  AddressSpace one;
  one.Add(File(0x1000, 0x2000, "/a"));
  AddressSpace other = one;
  other.Add({.start = 0x7000, .end = 0x8000, .path = "[heap]"});
  EXPECT_TRUE(one.HasFilesOf(other));
  one.Add(File(0x3000, 0x4000, "/b"));
  EXPECT_FALSE(one.HasFilesOf(other));
  EXPECT_FALSE(other.HasFilesOf(one));
}

TEST(AddressSpaceTest, AddReportsChangedFileMappings) {
  AddressSpace space;
  EXPECT_TRUE(space.Add(File(0x1000, 0x2000, "/a")));
  EXPECT_FALSE(space.Add(File(0x1000, 0x2000, "/a"))) << "known from /proc, then recorded too";
  EXPECT_FALSE(space.Add({.start = 0x8000, .end = 0x9000, .path = "//anon"}))
      << "code made at run time";
  EXPECT_TRUE(space.Add({.start = 0x1000, .end = 0x1800, .path = "//anon"}))
      << "in place of a file";
  EXPECT_FALSE(space.Add(File(0x5000, 0x5000, "/empty")));
}

TEST(ParseMapsTest, TakesExecutableMappingsOnly) {
  const std::vector<CodeMapping> mappings = ParseMaps(
      "55d0c0000000-55d0c0001000 r--p 00000000 fe:00 131 /usr/bin/a program\n"
      "55d0c0001000-55d0c0005000 r-xp 00001000 fe:00 131                        /usr/bin/a "
      "program\n"
      "7f0000000000-7f0000002000 rwxp 00000000 00:00 0 \n"
      "7f0000004000-7f0000006000 r-xp 00003000 fe:00 99 /lib/libgone.so (deleted)\n"
      "7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]\n");
  EXPECT_THAT(
      mappings,
      ElementsAre(CodeMapping{.start = 0x55d0c0001000,
                              .end = 0x55d0c0005000,
                              .file_offset = 0x1000,
                              .inode = 131,
                              .path = "/usr/bin/a program"},
                  CodeMapping{.start = 0x7f0000000000, .end = 0x7f0000002000},
                  CodeMapping{.start = 0x7f0000004000,
                              .end = 0x7f0000006000,
                              .file_offset = 0x3000,
                              .inode = 99,
                              .path = "/lib/libgone.so"},
                  CodeMapping{.start = 0x7ffd00000000, .end = 0x7ffd00002000, .path = "[vdso]"}));
}

TEST(ParseMapsTest, SkipsOtherLines) {
  EXPECT_THAT(ParseMaps(""), ElementsAre());
  EXPECT_THAT(ParseMaps("\n x\n1-2\n1-2 r-xp\n1-2 r-xp 0 0 z /a\n1 r-xp 0 0 1 /a\n"),
              ElementsAre());
}

}  // namespace
}  // namespace assay::profiler
