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

// Profiles for tests, written as people write stacks.

// Adds samples of 1 ms each of a folded stack: "main;work;epoll_wait;[k]do_syscall_64". "[k]" before
// a name says kernel, "[c]" libc, "[l]" library, "[j]" JIT, "[i]" inlined; else it is the program's.
void AddFolded(std::string_view stack, uint64_t samples, StackProfile* profile,
               StackTime time = StackTime::kOnCpu);

struct FoldedStack {
  std::string_view stack;
  uint64_t samples = 0;
};
StackProfile ProfileOf(const std::vector<FoldedStack>& stacks);
FunctionTree TreeOf(const std::vector<FoldedStack>& stacks);

// A profile of `stacks` stacks as a server's look, of up to `depth` frames, weights skewed.
StackProfile RandomProfile(RandomStream* random, int stacks, int depth);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_TEST_PROFILE_H_
