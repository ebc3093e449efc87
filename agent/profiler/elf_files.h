#ifndef ASSAY_AGENT_PROFILER_ELF_FILES_H_
#define ASSAY_AGENT_PROFILER_ELF_FILES_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "agent/profiler/address_space.h"
#include "agent/profiler/elf_file.h"

namespace assay::profiler {

// Caches the programs and libraries in profiles. Each is opened once for all processes and kept from one profile to the
// next, because reading debug information takes longer than unwinding a thousand stacks.
//
// Threads: one at a time.
class ElfFiles {
 public:
  // Call it before each profile. Files that were rebuilt since the last profile are opened again; files that the last
  // few profiles did not use are closed.
  void BeginProfile();

  // The file of a mapping of a process, which may have ended; nullptr if the file cannot be read or is not an ELF file.
  // Valid until the next BeginProfile().
  ElfFile* Find(pid_t pid, const CodeMapping& mapping);

  // Number of cached files, including those known not to be ELF files.
  size_t size() const { return kept_.size(); }

 private:
  // Identifies the content of a file: any change of the file changes one of these values.
  struct Identity {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = 0;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;

    bool operator==(const Identity&) const = default;
    template <typename H>
    friend H AbslHashValue(H hash, const Identity& id) {
      return H::combine(std::move(hash), id.device, id.inode, id.size, id.modified_ns,
                        id.changed_ns);
    }
  };
  struct Kept {
    // nullptr: not an ELF file.
    std::unique_ptr<ElfFile> file;
    // The last profile that used it.
    uint64_t profile = 0;
  };

  ElfFile* Open(pid_t pid, const CodeMapping& mapping);

  uint64_t profile_ = 0;
  // Files of this profile, by path and inode. nullptr: cannot be read.
  absl::flat_hash_map<std::pair<std::string, uint64_t>, ElfFile*> met_;
  // Also by path, because ElfFile::path() depends on it.
  absl::flat_hash_map<std::pair<std::string, Identity>, Kept> kept_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ELF_FILES_H_
