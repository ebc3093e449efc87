#include "agent/profiler/elf_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace assay::profiler {
namespace {

// What the process has mapped, not what lies at its path by now, where both can be had.
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
    // Overlay file systems show another inode than what they map.
    if (!other.ok()) other = std::move(file);
  }
  return other;
}

}  // namespace

ElfFile* ElfFiles::Find(pid_t pid, const CodeMapping& mapping) {
  if (!mapping.IsFile() && !mapping.IsVdso()) return nullptr;
  const auto [entry, added] = files_.try_emplace(std::make_pair(mapping.path, mapping.inode));
  if (added) {
    absl::StatusOr<std::unique_ptr<ElfFile>> file =
        mapping.IsVdso() ? ElfFile::OpenVdso()
                         : ElfFile::Open(mapping.path, OpenMapped(pid, mapping));
    if (file.ok()) entry->second = *std::move(file);
  }
  return entry->second.get();
}

}  // namespace assay::profiler
