#include "agent/profiler/elf_file.h"

#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "agent/profiler/address_space.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::profiler {

// The linker has a symbol of this name.
extern "C" __attribute__((noinline)) int ElfFileTestMarker(int value) {
  asm volatile("" : "+r"(value));
  return value + 1;
}

namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

std::unique_ptr<ElfFile> OpenSelf() {
  return ElfFile::Open("/proc/self/exe", UniqueFd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)))
      .value();
}

// The file of this process's mapping that contains the address.
CodeMapping MappingOf(uint64_t address) {
  std::ifstream file("/proc/self/maps");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const CodeMapping& mapping : ParseMaps(text)) {
    if (mapping.start <= address && address < mapping.end) return mapping;
  }
  return {};
}

TEST(ElfFileTest, NamesAnAddressOfARunningProgram) {
  const auto address = reinterpret_cast<uint64_t>(&ElfFileTestMarker);
  const CodeMapping mapping = MappingOf(address);
  const std::unique_ptr<ElfFile> self = OpenSelf();
  const uint64_t bias = self->Bias(mapping.start, mapping.file_offset).value();
  const std::vector<ElfFile::Function> functions = self->FunctionsAt(address - bias + 1);
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_EQ(functions[0].name, "ElfFileTestMarker");
  EXPECT_EQ(functions[0].address, address - bias)
      << "the start of the function, not the sampled address";
  EXPECT_THAT(functions[0].file, HasSubstr("elf_file_test.cc"));
  EXPECT_GT(functions[0].line, 0u);
  EXPECT_FALSE(functions[0].inlined);
  EXPECT_EQ(self->kind(), ProfileFrame::PROGRAM);
  EXPECT_FALSE(self->stripped());
  EXPECT_FALSE(self->build_id().empty());
}

TEST(ElfFileTest, RecognisesTheCLibrary) {
  const CodeMapping mapping = MappingOf(reinterpret_cast<uint64_t>(&getpid));
  const auto libc =
      ElfFile::Open(mapping.path, UniqueFd(open(mapping.path.c_str(), O_RDONLY | O_CLOEXEC)))
          .value();
  EXPECT_EQ(libc->kind(), ProfileFrame::LIBC);
}

TEST(ElfFileTest, ReadsTheVdsoFromMemory) {
  if (getauxval(AT_SYSINFO_EHDR) == 0) GTEST_SKIP() << "this kernel does not map a vdso";
  const std::unique_ptr<ElfFile> vdso = ElfFile::OpenVdso().value();
  EXPECT_EQ(vdso->kind(), ProfileFrame::VDSO);
  EXPECT_EQ(vdso->path(), "[vdso]");
}

TEST(ElfFileTest, AnAddressWithoutANameHasItselfAsStart) {
  EXPECT_THAT(OpenSelf()->FunctionsAt(0x10),
              ElementsAre(::testing::AllOf(Field(&ElfFile::Function::name, ""),
                                           Field(&ElfFile::Function::address, 0x10u))));
}

TEST(ElfFileTest, RejectsFilesThatAreNotElfFiles) {
  EXPECT_FALSE(
      ElfFile::Open("/proc/self/maps", UniqueFd(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)))
          .ok());
  EXPECT_FALSE(ElfFile::Open("nothing", UniqueFd()).ok());
}

TEST(ElfFileTest, HasNoBiasWithoutASegment) {
  EXPECT_FALSE(OpenSelf()->Bias(0x1000, uint64_t{1} << 40).has_value());
}

}  // namespace
}  // namespace assay::profiler
