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

// Every program and library that was met, opened once for all processes, and kept from one profile to the next: reading
// debug information takes longer than unwinding a thousand stacks.
//
// Threads: one at a time.
class ElfFiles {
 public:
  // What runs may have been built anew since the last profile, and files that the last few did not meet are closed.
  void BeginProfile();

  // The file behind a mapping of a process that may be gone; nullptr when it cannot be read or is no ELF file. Valid
  // until the next profile begins.
  ElfFile* Find(pid_t pid, const CodeMapping& mapping);

  // How many are open, or known to be none.
  size_t size() const { return kept_.size(); }

 private:
  // The same for the same content: whoever changes a file changes one of them.
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
    // nullptr: no ELF file.
    std::unique_ptr<ElfFile> file;
    // The last profile that met it.
    uint64_t profile = 0;
  };

  ElfFile* Open(pid_t pid, const CodeMapping& mapping);

  uint64_t profile_ = 0;
  // Of this profile, by path and inode. nullptr: cannot be had.
  absl::flat_hash_map<std::pair<std::string, uint64_t>, ElfFile*> met_;
  // By path too, which is what a file is called.
  absl::flat_hash_map<std::pair<std::string, Identity>, Kept> kept_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ELF_FILES_H_
