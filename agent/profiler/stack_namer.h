#ifndef ASSAY_AGENT_PROFILER_STACK_NAMER_H_
#define ASSAY_AGENT_PROFILER_STACK_NAMER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "agent/profiler/elf_file.h"
#include "agent/profiler/jit_symbols.h"
#include "agent/profiler/kernel_symbols.h"
#include "agent/profiler/profile_writer.h"
#include "agent/profiler/target_process.h"

namespace assay::profiler {

// Converts addresses to the frames and stacks of a profile. Each address is symbolized once. A frame is a function, not
// a source line, so that stacks repeat and the profile stays small.
class StackNamer {
 public:
  // Both must outlive this.
  StackNamer(ProfileWriter& writer, const KernelSymbols& kernel)
      : writer_(writer), kernel_(kernel) {}

  struct Named {
    uint32_t stack = 0;
    // The outermost function is one in which threads start.
    bool from_start = false;
  };
  // `user` and `kernel` are ordered innermost first; either may be empty. `jit` names code without a file.
  Named Name(const std::vector<UserFrame>& user, absl::Span<const uint64_t> kernel, JitSymbols* jit,
             int64_t now_ns, ProfileStack::Kind kind);

  // One line for each file with addresses without a name, with the remedy.
  std::vector<std::string> Notes() const;

 private:
  struct Frames {
    // Outermost first.
    std::vector<uint32_t> numbers;
    bool starts_threads = false;
  };

  const Frames& OfFile(ElfFile& file, uint64_t address);
  const Frames& OfJit(uint64_t address, JitSymbols* jit, int64_t now_ns);
  uint32_t OfKernel(uint64_t address);

  ProfileWriter& writer_;
  const KernelSymbols& kernel_;
  absl::flat_hash_map<std::pair<ElfFile*, uint64_t>, Frames> of_files_;
  absl::flat_hash_map<uint64_t, uint32_t> of_kernel_;
  Frames of_jit_;
  // Number of addresses without a name, by file.
  absl::flat_hash_map<ElfFile*, uint64_t> unnamed_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_STACK_NAMER_H_
