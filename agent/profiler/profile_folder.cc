#include "agent/profiler/profile_folder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "proto/convert/profile_chunk.h"

namespace assay::profiler {

void ProfileFolder::Add(const ProfileChunk& packed) {
  const ProfileChunk chunk = Inflated(packed).value();
  strings_.insert(strings_.end(), chunk.strings().begin(), chunk.strings().end());
  frames_.insert(frames_.end(), chunk.frames().begin(), chunk.frames().end());
  stacks_.insert(stacks_.end(), chunk.stacks().begin(), chunk.stacks().end());
  for (int i = 0; i < chunk.sample_stack_size(); ++i) {
    const uint32_t stack = chunk.sample_stack(i);
    at_ns_ += 1000 * chunk.sample_time_delta_us(i);
    Sample sample = {
        .kind = stacks_[stack].kind(),
        .time_ns = at_ns_,
        .weight_ns =
            chunk.sample_weight_ns().empty() ? chunk.weight_ns() : chunk.sample_weight_ns(i),
        .thread = chunk.sample_thread().empty() ? chunk.thread() : chunk.sample_thread(i)};
    std::vector<std::string> marked;
    for (uint32_t at = stack + 1; at > 0; at = stacks_[at - 1].parent()) {
      const ProfileFrame& frame = frames_[stacks_[at - 1].frame()];
      const std::string& name = strings_[frame.function()];
      sample.functions.push_back(name);
      marked.push_back(absl::StrCat(absl::StrReplaceAll(name, {{";", ":"}}),
                                    frame.kind() == ProfileFrame::KERNEL ? "_[k]"
                                    : frame.inlined()                    ? "_[i]"
                                                                         : ""));
    }
    std::reverse(sample.functions.begin(), sample.functions.end());
    std::reverse(marked.begin(), marked.end());
    if (sample.kind == ProfileStack::OFF_CPU) marked.push_back("[off-cpu]");
    folded_[absl::StrJoin(marked, ";")] += sample.weight_ns;
    samples_.push_back(std::move(sample));
  }
}

std::string ProfileFolder::Folded() const {
  std::string text;
  for (const auto& [stack, weight_ns] : folded_)
    absl::StrAppend(&text, stack, " ", (weight_ns + 500) / 1000, "\n");
  return text;
}

}  // namespace assay::profiler
