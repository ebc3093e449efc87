#ifndef ASSAY_AGENT_PROFILER_ELF_FILES_H_
#define ASSAY_AGENT_PROFILER_ELF_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "agent/profiler/address_space.h"
#include "agent/profiler/elf_file.h"

namespace assay::profiler {

// Every program and library that was met, opened once for all processes.
class ElfFiles {
 public:
  // The file behind a mapping of a process that may be gone; nullptr when it cannot be read or is no ELF file. Valid as
  // long as this.
  ElfFile* Find(pid_t pid, const CodeMapping& mapping);

 private:
  // By path and inode. nullptr: cannot be had.
  absl::flat_hash_map<std::pair<std::string, uint64_t>, std::unique_ptr<ElfFile>> files_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ELF_FILES_H_
