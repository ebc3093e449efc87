#include "agent/profiler/elf_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace assay::profiler {
namespace {

// A campaign profiles several targets in turn.
constexpr uint64_t kProfilesKept = 8;

int64_t Nanos(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

// Opens the file that the process has mapped, which may differ from the file at its path now.
UniqueFd OpenMapped(pid_t pid, const CodeMapping& mapping) {
  UniqueFd other;
  for (const std::string& path :
       {absl::StrCat("/proc/", pid, "/root", mapping.path),
        absl::StrFormat("/proc/%d/map_files/%x-%x", pid, mapping.start, mapping.end),
        mapping.path}) {
    UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status;
    if (!file.ok() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (status.st_ino == mapping.inode) return file;
    // Overlay file systems report an inode other than that of the mapping.
    if (!other.ok()) other = std::move(file);
  }
  return other;
}

}  // namespace

void ElfFiles::BeginProfile() {
  ++profile_;
  met_.clear();
  absl::erase_if(
      kept_, [this](const auto& entry) { return entry.second.profile + kProfilesKept < profile_; });
}

ElfFile* ElfFiles::Find(pid_t pid, const CodeMapping& mapping) {
  if (!mapping.IsFile() && !mapping.IsVdso()) return nullptr;
  const auto [entry, added] = met_.try_emplace(std::make_pair(mapping.path, mapping.inode));
  if (added) entry->second = Open(pid, mapping);
  return entry->second;
}

ElfFile* ElfFiles::Open(pid_t pid, const CodeMapping& mapping) {
  UniqueFd mapped;
  struct stat status = {};
  if (!mapping.IsVdso()) {
    mapped = OpenMapped(pid, mapping);
    if (!mapped.ok() || fstat(mapped.get(), &status) != 0) return nullptr;
  }
  const Identity identity = {.device = status.st_dev,
                             .inode = status.st_ino,
                             .size = status.st_size,
                             .modified_ns = Nanos(status.st_mtim),
                             .changed_ns = Nanos(status.st_ctim)};
  const auto [entry, added] = kept_.try_emplace(std::make_pair(mapping.path, identity));
  Kept& kept = entry->second;
  kept.profile = profile_;
  if (added) {
    absl::StatusOr<std::unique_ptr<ElfFile>> file =
        mapping.IsVdso() ? ElfFile::OpenVdso() : ElfFile::Open(mapping.path, std::move(mapped));
    if (file.ok()) kept.file = *std::move(file);
  }
  return kept.file.get();
}

}  // namespace assay::profiler
