#include "agent/telemetry/build_id.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"

namespace assay::agent {
namespace {

// Much larger than what linkers write, and small enough to read.
constexpr uint64_t kMaxHeaders = 4096;
constexpr uint64_t kMaxNoteBytes = 1 << 20;

// Reads up to `size` bytes at `offset`; fewer at the end.
using ReadAt = std::function<absl::StatusOr<std::string>(uint64_t offset, uint64_t size)>;

absl::Status Broken(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a valid ELF file: ", what));
}

template <typename T>
absl::StatusOr<T> ReadStruct(const ReadAt& read, uint64_t offset, absl::string_view what) {
  ASSAY_ASSIGN_OR_RETURN(const std::string bytes, read(offset, sizeof(T)));
  if (bytes.size() < sizeof(T)) return Broken(absl::StrCat(what, " is truncated"));
  T value;
  memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

uint64_t PadTo(uint64_t size, uint64_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// The build id in a segment of notes; empty if there is none. Notes have the same layout in 32 and 64 bits. Their name
// and content are padded to 4 bytes, or to 8 bytes if the segment is aligned to 8.
std::string BuildIdInNotes(const std::string& notes, uint64_t alignment) {
  uint64_t at = 0;
  while (notes.size() - at >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr header;
    memcpy(&header, notes.data() + at, sizeof(header));
    const uint64_t name_at = at + sizeof(header);
    const uint64_t content_at = name_at + PadTo(header.n_namesz, alignment);
    const uint64_t end = content_at + uint64_t{header.n_descsz};
    if (end > notes.size()) return "";
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof(ELF_NOTE_GNU) &&
        memcmp(notes.data() + name_at, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
      return notes.substr(content_at, header.n_descsz);
    }
    at = std::min<uint64_t>(PadTo(end, alignment), notes.size());
  }
  return "";
}

template <typename FileHeader, typename SegmentHeader>
absl::StatusOr<std::string> Find(const ReadAt& read) {
  ASSAY_ASSIGN_OR_RETURN(const auto header, ReadStruct<FileHeader>(read, 0, "its header"));
  if (header.e_phnum > kMaxHeaders || header.e_phentsize < sizeof(SegmentHeader)) {
    return Broken("its program headers are invalid");
  }
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    const uint64_t at = uint64_t{header.e_phoff} + i * header.e_phentsize;
    ASSAY_ASSIGN_OR_RETURN(const auto segment,
                           ReadStruct<SegmentHeader>(read, at, "a program header"));
    if (segment.p_type != PT_NOTE) continue;
    if (segment.p_filesz > kMaxNoteBytes) return Broken("its notes are too large");
    ASSAY_ASSIGN_OR_RETURN(const std::string notes, read(segment.p_offset, segment.p_filesz));
    const std::string id = BuildIdInNotes(notes, segment.p_align == 8 ? 8 : 4);
    if (!id.empty()) return absl::BytesToHexString(id);
  }
  return absl::NotFoundError("the ELF file has no build id; link it with --build-id");
}

absl::StatusOr<std::string> FindBuildId(const ReadAt& read) {
  ASSAY_ASSIGN_OR_RETURN(const std::string ident, read(0, EI_NIDENT));
  if (ident.size() < EI_NIDENT || memcmp(ident.data(), ELFMAG, SELFMAG) != 0) {
    return absl::InvalidArgumentError("not an ELF file");
  }
  const int byte_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (ident[EI_DATA] != byte_order) {
    return absl::InvalidArgumentError("an ELF file with a byte order other than this machine's");
  }
  if (ident[EI_CLASS] == ELFCLASS64) return Find<Elf64_Ehdr, Elf64_Phdr>(read);
  if (ident[EI_CLASS] == ELFCLASS32) return Find<Elf32_Ehdr, Elf32_Phdr>(read);
  return Broken("its class is neither 32 nor 64 bits");
}

}  // namespace

absl::StatusOr<std::string> ParseBuildId(std::string_view elf) {
  return FindBuildId([elf](uint64_t offset, uint64_t size) -> absl::StatusOr<std::string> {
    return std::string(elf.substr(std::min<uint64_t>(offset, elf.size()), size));
  });
}

absl::StatusOr<std::string> ReadBuildId(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  absl::StatusOr<std::string> id =
      FindBuildId([&](uint64_t offset, uint64_t size) -> absl::StatusOr<std::string> {
        std::string bytes(size, '\0');
        const ssize_t got = pread(fd.get(), bytes.data(), size, static_cast<off_t>(offset));
        // An offset beyond the largest file size gives EINVAL: there are no bytes.
        if (got < 0 && errno != EINVAL) return ErrnoStatus(errno, "cannot read the file");
        bytes.resize(got < 0 ? 0 : static_cast<size_t>(got));
        return bytes;
      });
  if (id.ok()) return id;
  return absl::Status(id.status().code(), absl::StrCat(path, ": ", id.status().message()));
}

}  // namespace assay::agent
