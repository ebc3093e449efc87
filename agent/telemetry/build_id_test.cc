#include "agent/telemetry/build_id.h"

#include <elf.h>
#include <string.h>

#include <random>

#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

template <typename T>
void Append(const T& value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// A note as linkers write it, padded to `alignment`.
std::string Note(uint32_t type, std::string_view name, std::string_view content, size_t alignment) {
  std::string bytes;
  Append(uint32_t(name.size() + 1), &bytes);
  Append(uint32_t(content.size()), &bytes);
  Append(type, &bytes);
  bytes.append(name).push_back('\0');
  // GNU notes keep the name's padding to 4 bytes within a segment that is aligned to 4; 8 pads all.
  bytes.resize((bytes.size() - 12 + alignment - 1) / alignment * alignment + 12, '\0');
  bytes.append(content);
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\0');
  return bytes;
}

template <typename FileHeader, typename SegmentHeader>
std::string Elf(int elf_class, const std::string& notes, size_t alignment) {
  FileHeader header = {};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = static_cast<unsigned char>(elf_class);
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(SegmentHeader);
  header.e_phnum = 2;
  SegmentHeader load = {};
  load.p_type = PT_LOAD;
  SegmentHeader note = {};
  note.p_type = PT_NOTE;
  note.p_offset = sizeof(header) + 2 * sizeof(SegmentHeader);
  note.p_filesz = notes.size();
  note.p_align = alignment;
  std::string bytes;
  Append(header, &bytes);
  Append(load, &bytes);
  Append(note, &bytes);
  return bytes + notes;
}

std::string Elf64(const std::string& notes, size_t alignment = 4) {
  return Elf<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, notes, alignment);
}

std::string BuildIdNote() { return Note(NT_GNU_BUILD_ID, "GNU", "\x01\xab\xff\x7f", 4); }

TEST(ParseBuildIdTest, FindsItIn64And32Bits) {
  EXPECT_EQ(*ParseBuildId(Elf64(BuildIdNote())), "01abff7f");
  EXPECT_EQ(*ParseBuildId(Elf<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, BuildIdNote(), 4)), "01abff7f");
}

TEST(ParseBuildIdTest, FindsItAfterOtherNotes) {
  const std::string others =
      Note(NT_GNU_ABI_TAG, "GNU", "abcd", 4) + Note(NT_GNU_BUILD_ID, "Other", "odd size", 4);
  EXPECT_EQ(*ParseBuildId(Elf64(others + BuildIdNote())), "01abff7f");
}

TEST(ParseBuildIdTest, AFileWithoutOneIsNotFound) {
  EXPECT_EQ(ParseBuildId(Elf64("")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ParseBuildId(Elf64(Note(NT_GNU_ABI_TAG, "GNU", "abcd", 4))).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(ParseBuildIdTest, RejectsFilesThatAreNotElfFilesOfThisMachine) {
  std::string big_endian = Elf64(BuildIdNote());
  big_endian[EI_DATA] = ELFDATA2MSB;
  std::string no_class = Elf64(BuildIdNote());
  no_class[EI_CLASS] = 7;
  for (const std::string& bytes :
       {std::string(), std::string("#!/bin/sh\n"), std::string(100, 'x'), big_endian, no_class}) {
    EXPECT_EQ(ParseBuildId(bytes).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

// Files are not trusted: no length in them may lead to a read outside the file.
TEST(ParseBuildIdTest, ToleratesTruncatedAndChangedBytes) {
  const std::string whole = Elf64(Note(NT_GNU_ABI_TAG, "GNU", "abcd", 4) + BuildIdNote());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseBuildId(whole.substr(0, size)).ok()) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = whole;
    for (int j = 0; j < 3; ++j) changed[random() % changed.size()] = static_cast<char>(random());
    const absl::StatusOr<std::string> id = ParseBuildId(changed);
    if (id.ok()) {
      EXPECT_LE(id->size(), 2 * whole.size());
    }
  }
}

TEST(ReadBuildIdTest, ReturnsTheSameAsFromTheWholeFile) {
  const absl::StatusOr<std::string> id = ReadBuildId("/proc/self/exe");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_THAT(*id, MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(*id, *ParseBuildId(*ReadFile("/proc/self/exe")));
}

TEST(ReadBuildIdTest, ErrorsNameTheFile) {
  EXPECT_EQ(ReadBuildId("/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ReadBuildId("/etc/passwd").status().message(), HasSubstr("/etc/passwd: not an ELF"));
  EXPECT_FALSE(ReadBuildId("/usr").ok());
}

}  // namespace
}  // namespace assay::agent
