#ifndef ASSAY_ANALYSIS_PROFILE_TEST_PROFILE_H_
#define ASSAY_ANALYSIS_PROFILE_TEST_PROFILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/profile/function_tree.h"
#include "analysis/profile/stack_profile.h"
#include "analysis/random_stream.h"

namespace assay {

// Profiles for tests, from folded stacks.

// Adds samples of 1 ms each of a folded stack: "main;work;epoll_wait;[k]do_syscall_64". A prefix gives the kind of a
// function: "[k]" kernel, "[c]" libc, "[l]" library, "[j]" JIT, "[i]" inlined; no prefix: program.
void AddFolded(std::string_view stack, uint64_t samples, StackProfile* profile,
               StackTime time = StackTime::kOnCpu);

struct FoldedStack {
  std::string_view stack;
  uint64_t samples = 0;
};
StackProfile ProfileOf(const std::vector<FoldedStack>& stacks);
FunctionTree TreeOf(const std::vector<FoldedStack>& stacks);

// A profile that resembles a server's: `stacks` stacks of up to `depth` frames, with skewed weights.
StackProfile RandomProfile(RandomStream* random, int stacks, int depth);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_TEST_PROFILE_H_
